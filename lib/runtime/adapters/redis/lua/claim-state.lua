--[[
  Raises the epoch of a copy of a partition state: whoever has worked on it before is refused from now on.

  KEYS[1]  prefix of the copy's keys

  Returns  the new epoch; -1 if there is no such copy
]]
local metaKey = KEYS[1] .. ':meta'
if redis.call('HLEN', metaKey) == 0 then
  return -1
end
return redis.call('HINCRBY', metaKey, 'epoch', 1)
