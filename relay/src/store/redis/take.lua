-- A customer takes an agent's invitation. KEYS: session, log. ARGV: the digest of the customer's secret, how long the session waits
-- for the customer. One of several who ask gets it.
local open = redis.call('HGET', KEYS[1], 'open')
if not open then
  return 0
end
if open ~= '1' then
  return -1
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'open', 0, 'secret', ARGV[1], 'away', 0,
  'absent', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
redis.call('XADD', KEYS[2], '*', 't', ARGV[1])
if redis.call('HGET', KEYS[1], 'agents') == '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
return 1
