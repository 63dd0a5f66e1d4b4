--[[
  Stages a part of a partition state's new contents, unless a later attempt has begun.

  KEYS[1]  {stateKey}:staging:token  string: token of the attempt that is staging
  KEYS[2]  {stateKey}:staging:names  set: the last parts of the staged keys
  KEYS[3]  {stateKey}:staged         prefix of those keys, {stateKey}:staged:<name>; same hash tag, so the same hash slot

  ARGV[1]  the request, a map in MessagePack:
    token   token of this attempt
    gone    by the last part of a key: fields that are removed before the parts are added
    whole   the last parts of keys that are removed with all they have
    oldest  generations of ids before this one are removed
    parts   by the last part of a key: field and value in turn; for "due", threshold and entity

  Staged ids go to the front of their bucket, or get fields of their own if the bucket is full. So stage the newest ids last.

  Returns  number of new fields, less those that were removed; "overtaken" if refused
]]
local tokenKey, namesKey, prefix = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
if redis.call('GET', tokenKey) ~= request.token then
  return 'overtaken'
end
local added = 0
for name, fields in pairs(request.gone) do
  added = added - call(name == 'due' and 'ZREM' or 'HDEL', prefix .. ':' .. name, fields)
end
local function remove(name)
  added = added - redis.call('HLEN', prefix .. ':' .. name)
  redis.call('UNLINK', prefix .. ':' .. name)
  redis.call('SREM', namesKey, name)
end
for _, name in ipairs(request.whole) do
  remove(name)
end
for _, name in ipairs(request.oldest > 0 and redis.call('SMEMBERS', namesKey) or {}) do
  local generation = string.match(name, '^ids:(%d+)')
  if generation and tonumber(generation) < request.oldest then
    remove(name)
  end
end
for name, fields in pairs(request.parts) do
  -- Every staged key must be among the names, or it would never be found again.
  redis.call('SADD', namesKey, name)
  local key = prefix .. ':' .. name
  if name == 'due' then
    added = added + call('ZADD', key, fields)
  elseif string.sub(name, 1, 4) == 'ids:' then
    local beyond = LAYOUT.ids.beyondFull
    added = added + addIds(key, key .. beyond, fields)
    if redis.call('HLEN', key .. beyond) > 0 then
      redis.call('SADD', namesKey, name .. beyond)
    end
  else
    added = added + call('HSET', key, fields)
  end
end
return added
