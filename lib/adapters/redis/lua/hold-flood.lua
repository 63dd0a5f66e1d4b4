--[[
  Closes the flood gate of a consumer for a version of its code, unless that version has been here before.

  KEYS[1]  the gate, hash: version, since
  ARGV[1]  version of the code
  ARGV[2]  the present, milliseconds since the epoch

  Returns  since when the gate is closed, or "released" where an operator has opened it for this version
]]
local gate = redis.call('HMGET', KEYS[1], 'version', 'since')
if gate[1] == ARGV[1] then
  return gate[2]
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'since', ARGV[2])
return ARGV[2]
