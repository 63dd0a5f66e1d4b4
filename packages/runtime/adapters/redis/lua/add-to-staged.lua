--[[
  Adds parts to the staged contents of a partition state, unless another run has begun since.

  KEYS[1]  {stateKey}: prefix of the keys of the state

  ARGV[1]  the request, a map in MessagePack:
    token   token of this run
    gone    by the last part of a key: fields to remove before the parts are added
    whole   last parts of keys to remove as a whole
    oldest  oldest generation of ids to keep; earlier ones are removed
    parts   by the last part of a key: alternating fields and values; for "due", thresholds and entities

  Ids are added to the front of their bucket, or in separate fields if the bucket is full. Therefore add the newest ids last.

  Returns  1; "overtaken" if another run has begun since
]]
local stagedKey = KEYS[1] .. ':staged'
local request = cmsgpack.unpack(ARGV[1])
if not isOwn(KEYS[1], request.token) then
  return 'overtaken'
end
local added = 0
for name, fields in pairs(request.gone) do
  added = added - call(name == 'due' and 'ZREM' or 'HDEL', stagedKey .. ':' .. name, fields)
end
local function remove(name)
  added = added - redis.call('HLEN', stagedKey .. ':' .. name)
  redis.call('UNLINK', stagedKey .. ':' .. name)
  redis.call('HDEL', stagedKey, 'key:' .. name)
end
for _, name in ipairs(request.whole) do
  remove(name)
end
for _, name in ipairs(request.oldest > 0 and namesIn(KEYS[1]) or {}) do
  local generation = string.match(name, '^ids:(%d+)')
  if generation and tonumber(generation) < request.oldest then
    remove(name)
  end
end
for name, fields in pairs(request.parts) do
  -- Record the name of every key, because the key could not be found otherwise.
  redis.call('HSET', stagedKey, 'key:' .. name, 1)
  local key = stagedKey .. ':' .. name
  if name == 'due' then
    added = added + call('ZADD', key, fields)
  elseif string.sub(name, 1, 4) == 'ids:' then
    local beyond = LAYOUT.ids.beyondFull
    added = added + addIds(key, key .. beyond, fields)
    if redis.call('HLEN', key .. beyond) > 0 then
      redis.call('HSET', stagedKey, 'key:' .. name .. beyond, 1)
    end
  else
    added = added + call('HSET', key, fields)
  end
end
redis.call('HINCRBY', stagedKey, 'fields', added)
return 1
