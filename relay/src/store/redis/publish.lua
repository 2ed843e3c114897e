-- A message takes its place. KEYS: session, log. ARGV: connection, how many it has published with this one, kind, value, sequence
-- number of a frame, a field that is set to the value, a field that is cleared, mode, the most that is kept.
--
-- Kinds: k keyframe, d delta, c of the customer's, a and p (a pointer) of an agent's, q a keyframe is needed.
local connection, number, kind, value, seq = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local held = redis.call('HMGET', KEYS[1], 'fence', 'm:' .. connection, 'p:' .. connection, 'next', 'kept', 'key', 'floor',
  'trimmed')
if not held[1] then
  return 'unknown'
end
if not held[2] then
  local is_customers = kind == 'k' or kind == 'd' or kind == 'c'
  return is_customers and tonumber(held[1]) > tonumber(connection) and 'replaced' or 'gone'
end
-- A node that got no answer says it again.
if held[3] and tonumber(held[3]) >= number then
  return 'ok'
end
if kind == 'd' and held[4] ~= seq then
  redis.call('HSET', KEYS[1], 'p:' .. connection, number, 'next', '')
  if held[4] ~= '' then
    redis.call('XADD', KEYS[2], '*', 'g', '')
  end
  return 'ok'
end
local id = redis.call('XADD', KEYS[2], '*', kind, value)
local next, kept, key, floor, trimmed = held[4], tonumber(held[5]), held[6], held[7], held[8]
local cost = #value + 64
if kind == 'k' or kind == 'd' then
  next = string.format('%.0f', (tonumber(seq) + 1) % 4294967296)
end
if kind == 'k' then
  kept, key = cost, id
else
  kept = kept + cost
end
-- Above the most, who comes later is served by a keyframe that is asked for.
local most = tonumber(ARGV[9])
if kept > most then
  key = ''
end
-- Nodes read in step: two seconds after a keyframe they have what was before it.
if floor ~= '' and tonumber(string.match(id, '^%d+')) - tonumber(string.match(floor, '^%d+')) >= 2000 then
  redis.call('XTRIM', KEYS[2], 'MINID', '=', floor)
  floor, trimmed = '', floor
end
if floor == '' and key ~= '' and key ~= trimmed then
  floor = key
end
-- Without a keyframe, what is there is for those who are just reading it; who is slower than that waits for a keyframe.
if kept > math.max(most, 4194304) then
  if floor ~= '' then
    redis.call('XTRIM', KEYS[2], 'MINID', '=', floor)
  end
  floor, kept = id, 0
end
redis.call('HSET', KEYS[1], 'p:' .. connection, number, 'next', next, 'kept', kept, 'key', key, 'floor', floor,
  'trimmed', trimmed)
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[6], value)
end
if ARGV[7] ~= '' then
  redis.call('HDEL', KEYS[1], ARGV[7])
end
if ARGV[8] ~= '' then
  redis.call('HSET', KEYS[1], 'mode', ARGV[8])
end
return 'ok'
