-- A keyframe is needed on another node than the customer's. KEYS: session, log. ARGV: how far that node has read.
local key = redis.call('HGET', KEYS[1], 'key')
if not key then
  return 0
end
local function place(id)
  local millis, count = string.match(id, '^(%d+)%-(%d+)$')
  return tonumber(millis), tonumber(count)
end
if key ~= '' then
  -- It may just not have come to the one that there is.
  local millis, count = place(key)
  local read, of_it = place(ARGV[1])
  if millis > read or (millis == read and count > of_it) then
    return 0
  end
end
redis.call('XADD', KEYS[2], '*', 'q', '')
return 1
