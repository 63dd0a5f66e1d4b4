--[[
  Begins to stage new contents of a partition state beside it. This removes what an earlier attempt has staged; if that attempt
  still runs, it is refused from now on.

  KEYS[1]  {stateKey}:staging:token  string: token of the attempt that is staging
  KEYS[2]  {stateKey}:staging:names  set: the last parts of the staged keys
  KEYS[3]  {stateKey}:staged         prefix of those keys, {stateKey}:staged:<name>; same hash tag, so the same hash slot

  ARGV[1]  token of this attempt

  Returns  number of keys that an earlier attempt left
]]
local left = redis.call('SMEMBERS', KEYS[2])
for _, name in ipairs(left) do
  redis.call('UNLINK', KEYS[3] .. ':' .. name)
end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1])
return #left
