-- Somebody is gone, or all who were on a node that is. KEYS: session, log. ARGV: "connection" or "node", which, why (a close
-- code), how long the session waits for a customer who left on purpose, for one who is silent, and with somebody in it.
local fields = redis.call('HGETALL', KEYS[1])
if #fields == 0 then
  return 0
end
local held, gone, roles = {}, {}, {}
for at = 1, #fields, 2 do
  local name, value = fields[at], fields[at + 1]
  held[name] = value
  local connection, role, node = string.match(value, '^(%d+) %d+ (%d+) (%x+) ')
  if string.sub(name, 1, 2) == 'm:' and ((ARGV[1] == 'node' and node == ARGV[2]) or (ARGV[1] ~= 'node' and connection == ARGV[2])) then
    table.insert(gone, connection)
    roles[connection] = role
  end
end
if ARGV[1] == 'node' and held['recorder'] == ARGV[2] then
  redis.call('HSET', KEYS[1], 'recorder', '')
  redis.call('XADD', KEYS[2], '*', 'r', '')
end
local agents, customer = tonumber(held['agents']), held['customer']
local away = held['away'] == '1'
for _, connection in ipairs(gone) do
  if connection == customer then
    local time = redis.call('TIME')
    customer, away = '', held['leaving'] == connection
    redis.call('HSET', KEYS[1], 'customer', '', 'away', away and 1 or 0,
      'absent', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
    redis.call('HDEL', KEYS[1], 'visible_frame')
  else
    agents = agents - 1
    redis.call('HSET', KEYS[1], 'agents', agents)
    if roles[connection] == '3' then
      redis.call('HINCRBY', KEYS[1], 'controllers', -1)
    end
  end
  redis.call('HDEL', KEYS[1], 'm:' .. connection, 'p:' .. connection)
  redis.call('XADD', KEYS[2], '*', '-', connection .. ' ' .. ARGV[3])
end
if #gone > 0 then
  -- Where somebody is left, a node ends it in time; otherwise it goes by itself.
  local kept = ARGV[6]
  if agents == 0 and customer == '' then
    kept = away and ARGV[4] or ARGV[5]
  end
  redis.call('PEXPIRE', KEYS[1], kept)
  redis.call('PEXPIRE', KEYS[2], kept)
end
return #gone
