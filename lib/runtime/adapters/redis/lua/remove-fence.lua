--[[
  Lets a partition state continue whose topic does not grow after all. A state that the fence alone has made is removed, in the same
  script: between two commands, a first commit could come, and its meta would be lost.

  KEYS[1]  {stateKey}:meta
]]
redis.call('HDEL', KEYS[1], 'growing')
if redis.call('HLEN', KEYS[1]) == 1 and redis.call('HGET', KEYS[1], 'epoch') == '1' then
  redis.call('DEL', KEYS[1])
end
return 1
