--[[
  Lays a part of a slot's other contents ready, unless a later attempt has begun.

  KEYS[1]  {slot}:staging:token  string: who is laying something ready
  KEYS[2]  {slot}:staging:names  set: the last parts of the keys that are laid ready
  KEYS[3]  {slot}:staged         prefix of those keys, {slot}:staged:<name>; same hash tag, so same slot

  ARGV[1]  token of this attempt
  ARGV[2]  name, field and value in turn, a list in MessagePack; of "due", entity and threshold

  Returns  1 laid ready, 0 refused
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local staged, last = cmsgpack.unpack(ARGV[2]), nil
for at = 1, #staged, 3 do
  local name, field, value = staged[at], staged[at + 1], staged[at + 2]
  -- Whatever is laid ready is among the names: otherwise nobody would ever find it again.
  if name ~= last then
    redis.call('SADD', KEYS[2], name)
    last = name
  end
  if name == 'due' then
    redis.call('ZADD', KEYS[3] .. ':' .. name, value, field)
  else
    redis.call('HSET', KEYS[3] .. ':' .. name, field, value)
  end
end
return 1
