--[[
  Lays a part of a slot's other contents ready, unless a later attempt has begun.

  KEYS[1]  {slot}:staging:token  string: who is laying something ready
  KEYS[2]  {slot}:staging:names  set: the last parts of the keys that are laid ready
  KEYS[3]  {slot}:staged         prefix of those keys, {slot}:staged:<name>; same hash tag, so same slot

  ARGV[1]  token of this attempt
  ARGV[2]  name, field and value in turn, each with its length (4 bytes) before it; of "due", entity and threshold

  Returns  1 laid ready, 0 refused
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local at, last = 1, nil
while at <= #ARGV[2] do
  local name, field, value
  name, field, value, at = struct.unpack('>I4c0I4c0I4c0', ARGV[2], at)
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
