--[[
  Stages a part of a partition state's new contents, unless a later attempt has begun.

  KEYS[1]  {stateKey}:staging:token  string: token of the attempt that is staging
  KEYS[2]  {stateKey}:staging:names  set: the last parts of the staged keys
  KEYS[3]  {stateKey}:staged         prefix of those keys, {stateKey}:staged:<name>; same hash tag, so the same hash slot

  ARGV[1]  token of this attempt
  ARGV[2]  name, field and value in turn, a list in MessagePack; for "due", entity and threshold

  Staged ids go to the front of their bucket, or get fields of their own if the bucket is full, as in `commit.lua`. So stage the
  newest ids last.

  Returns  number of new fields; -1 if refused
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return -1
end
-- Size in bytes at which a bucket of ids is full.
local FULL_BUCKET = 256 * 24

local staged, last, added = cmsgpack.unpack(ARGV[2]), nil, 0
for at = 1, #staged, 3 do
  local name, field, value = staged[at], staged[at + 1], staged[at + 2]
  -- Every staged key must be among the names, or it would never be found again.
  if name ~= last then
    redis.call('SADD', KEYS[2], name)
    last = name
  end
  local key = KEYS[3] .. ':' .. name
  if name == 'due' then
    added = added + redis.call('ZADD', key, value, field)
  else
    local before = string.sub(name, 1, 4) == 'ids:' and redis.call('HGET', key, field) or ''
    if #before < FULL_BUCKET then
      added = added + redis.call('HSET', key, field, value .. before)
    else
      redis.call('SADD', KEYS[2], name .. ':more')
      for first = #value - 23, 1, -24 do
        local id, known = field .. string.sub(value, first, first + 9), string.sub(value, first + 10, first + 23)
        added = added + redis.call('HSET', key .. ':more', id, known)
      end
    end
  end
end
return added
