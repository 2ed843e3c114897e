-- A node that has somebody in a session, or records it, says so. KEYS: session, log. ARGV: how long it is kept; a node that would
-- record it, or nothing; one that does no longer, or nothing. Gives 0 where there is no session, 2 where that node records it
-- from now on, otherwise 1.
if redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('PEXPIRE', KEYS[2], ARGV[1])
local recorder = redis.call('HGET', KEYS[1], 'recorder')
if ARGV[2] ~= '' and recorder == '' then
  redis.call('HSET', KEYS[1], 'recorder', ARGV[2])
  redis.call('XADD', KEYS[2], '*', 'r', ARGV[2])
  return 2
end
if ARGV[3] ~= '' and recorder == ARGV[3] then
  redis.call('HSET', KEYS[1], 'recorder', '')
  redis.call('XADD', KEYS[2], '*', 'r', '')
end
return 1
