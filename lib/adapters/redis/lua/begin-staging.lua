--[[
  Begins to lay other contents of a slot ready beside it: whatever an earlier attempt has left there goes, and that
  attempt, should it still run, is refused from now on.

  KEYS[1]  {slot}:staging:token  string: who is laying something ready
  KEYS[2]  {slot}:staging:names  set: the last parts of the keys that are laid ready
  KEYS[3]  {slot}:staged         prefix of those keys, {slot}:staged:<name>; same hash tag, so same slot

  ARGV[1]  token of this attempt

  Returns  how many keys were left over
]]
local left = redis.call('SMEMBERS', KEYS[2])
for _, name in ipairs(left) do
  redis.call('UNLINK', KEYS[3] .. ':' .. name)
end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1])
return #left
