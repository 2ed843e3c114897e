-- The customer's page says that it is being left. KEYS: session, log. ARGV: connection, how long it waits for a customer who left
-- on purpose.
local held = redis.call('HMGET', KEYS[1], 'fence', 'absent', 'away', 'agents')
if not held[1] then
  return 0
end
if held[1] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'leaving', ARGV[1])
  redis.call('XADD', KEYS[2], '*', 'l', ARGV[1])
  if held[2] ~= '' and held[3] == '0' then
    redis.call('HSET', KEYS[1], 'away', 1)
    if held[4] == '0' then
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
      redis.call('PEXPIRE', KEYS[2], ARGV[2])
    end
  end
end
return 1
