--[[
  Lets a partition state continue as it was. A state that the fence alone has made is removed, in the same script: between two
  commands, a first commit could come, and its meta would be lost.

  KEYS[1]  {stateKey}:meta
  ARGV[1]  who has raised the fence; that of another one stays
]]
local fence = redis.call('HGET', KEYS[1], 'fence')
if not fence or cjson.decode(fence).by ~= ARGV[1] then
  return 0
end
redis.call('HDEL', KEYS[1], 'fence')
if redis.call('HLEN', KEYS[1]) == 1 and redis.call('HGET', KEYS[1], 'epoch') == '1' then
  redis.call('DEL', KEYS[1])
end
return 1
