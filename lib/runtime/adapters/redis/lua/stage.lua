--[[
  Stages a part of a partition state's new contents, unless a later attempt has begun.

  KEYS[1]  {stateKey}:staging:token  string: token of the attempt that is staging
  KEYS[2]  {stateKey}:staging:names  set: the last parts of the staged keys
  KEYS[3]  {stateKey}:staged         prefix of those keys, {stateKey}:staged:<name>; same hash tag, so the same hash slot

  ARGV[1]  the request, a map in MessagePack:
    token   token of this attempt
    fields  lists of name, field and value; for "due", entity and threshold

  Staged ids go to the front of their bucket, or get fields of their own if the bucket is full. So stage the newest ids last.

  Returns  number of new fields; -1 if refused
]]
local tokenKey, namesKey, prefix = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
if redis.call('GET', tokenKey) ~= request.token then
  return -1
end
local last, added = nil, 0
for _, staged in ipairs(request.fields) do
  local name, field, value = unpack(staged)
  -- Every staged key must be among the names, or it would never be found again.
  if name ~= last then
    redis.call('SADD', namesKey, name)
    last = name
  end
  local key = prefix .. ':' .. name
  if name == 'due' then
    added = added + redis.call('ZADD', key, value, field)
  elseif string.sub(name, 1, 4) == 'ids:' then
    local beyond = LAYOUT.ids.beyondFull
    added = added + addIds(key, key .. beyond, { field, value })
    if redis.call('HLEN', key .. beyond) > 0 then
      redis.call('SADD', namesKey, name .. beyond)
    end
  else
    added = added + redis.call('HSET', key, field, value)
  end
end
return added
