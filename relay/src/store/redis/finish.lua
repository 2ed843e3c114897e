-- A session ends. KEYS: session, log. ARGV: the reason's number; "now", "absent" or "old"; how long it waits for a customer who
-- left on purpose, for one who is silent, and how old it may get.
local held = redis.call('HMGET', KEYS[1], 'absent', 'away', 'created')
if not held[3] then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] == 'absent' then
  -- Another node may know better.
  if held[1] == '' or now < tonumber(held[1]) + tonumber(held[2] == '1' and ARGV[3] or ARGV[4]) then
    return -1
  end
elseif ARGV[2] == 'old' and now < tonumber(held[3]) + tonumber(ARGV[5]) then
  return -1
end
redis.call('XADD', KEYS[2], '*', 'e', ARGV[1])
redis.call('DEL', KEYS[1])
-- Long enough for every node to read it.
redis.call('PEXPIRE', KEYS[2], 30000)
return 1
