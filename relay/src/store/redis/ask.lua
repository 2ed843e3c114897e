-- A keyframe is needed on another node than the customer's. KEYS: session, log.
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('XADD', KEYS[2], '*', 'q', '')
end
return 1
