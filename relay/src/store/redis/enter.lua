-- Somebody enters. KEYS: session, log. ARGV: role, node, nonce, name, the most agents, how long it is kept. Gives its place in
-- the log, the connection's number and the user's.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 'unknown' }
end
local role, node, nonce, name = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
-- Of agents there may be so many, and of controllers as many again. "agents" counts both: who is not the customer.
local agents, controllers, customer = unpack(redis.call('HMGET', KEYS[1], 'agents', 'controllers', 'customer'))
agents, controllers = tonumber(agents), tonumber(controllers)
if (role == '2' and agents - controllers or role == '3' and controllers or -1) >= tonumber(ARGV[5]) then
  return { 'crowded' }
end
local connection = redis.call('HINCRBY', KEYS[1], 'connection', 1)
local user = 1
if role == '1' then
  -- The older connection may say nothing any more, on whichever node it is.
  if customer ~= '' then
    redis.call('HDEL', KEYS[1], 'm:' .. customer, 'p:' .. customer)
  end
  redis.call('HSET', KEYS[1], 'customer', connection, 'fence', connection, 'absent', '', 'away', 0, 'leaving', '')
else
  user = redis.call('HINCRBY', KEYS[1], 'user', 1)
  redis.call('HINCRBY', KEYS[1], 'agents', 1)
  if role == '3' then
    redis.call('HINCRBY', KEYS[1], 'controllers', 1)
  end
end
local who = connection .. ' ' .. user .. ' ' .. role .. ' ' .. node .. ' '
redis.call('HSET', KEYS[1], 'm:' .. connection, who .. name)
local id = redis.call('XADD', KEYS[2], '*', '+', nonce .. ' ' .. who .. name)
if (role == '1' and agents > controllers) or (role == '2' and customer ~= '') then
  -- An agent and the customer are there together, since the time that the log has for it.
  redis.call('HSETNX', KEYS[1], 'activated', string.match(id, '^%d+'))
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return { id, connection, user }
