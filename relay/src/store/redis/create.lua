-- A session begins. KEYS: session, log. ARGV: how long it is kept without a sign of life, in milliseconds; then fields and
-- values, "created" and "expires" among them.
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then
  return 0
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'agents', 0, 'controllers', 0, 'customer', '', 'next', '', 'kept', 0, 'key', '', 'floor', '', 'trimmed', '',
  'leaving', '', 'away', 0, 'absent', now, unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
