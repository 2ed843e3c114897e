-- A session as it is now. KEYS: session, log. Gives the time, its fields, the last place in the log, and the last keyframe
-- with all that followed.
local fields = redis.call('HGETALL', KEYS[1])
if #fields == 0 then
  return {}
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local from = redis.call('HGET', KEYS[1], 'key')
local log = {}
if from ~= '' then
  log = redis.call('XRANGE', KEYS[2], from, '+')
end
return { now, fields, last[1] and last[1][1] or '0-0', log }
