--[[
  Makes the new contents of a partition state a state that can be loaded and committed to, before they take its place. Whoever has
  worked on them before is refused from now on: they get an epoch that they never had, even if they were removed and built again.

  KEYS[1]  {stateKey}: prefix of its keys

  ARGV[1]  token of the attempt that has built them; empty if they were claimed before

  Returns  their epoch; "overtaken" if a later attempt has begun, or there are none; "incomplete" if the server has lost some
]]
local metaKey, token = KEYS[1] .. ':next:meta', ARGV[1]
local epoch = readMeta(metaKey).epoch
if token == '' and not epoch or token ~= '' and not isOwn(KEYS[1], token) then
  return 'overtaken'
end
if token ~= '' and not wholeNamesIn(KEYS[1]) then
  return 'incomplete'
end
redis.call('DEL', KEYS[1] .. ':next')
local now = redis.call('TIME')
epoch = math.max((epoch or 0) + 1, now[1] * 1000 + math.floor(now[2] / 1000))
redis.call('HSET', metaKey, 'epoch', string.format('%.0f', epoch))
return epoch
