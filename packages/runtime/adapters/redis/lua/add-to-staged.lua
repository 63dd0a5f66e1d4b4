--[[
  Adds parts to the staged contents of a partition state, unless another run has begun since.

  KEYS[1]  {stateKey}: prefix of the keys of the state

  ARGV[1]  the request, a map in MessagePack:
    token  token of this run
    parts  by the last part of a key: alternating fields and values; for "due", thresholds and entities

  Ids are added to the front of their bucket, or in separate fields if the bucket is full. Therefore add the newest ids last.

  Returns  1; "overtaken" if another run has begun since
]]
local stagedKey = KEYS[1] .. ':staged'
local request = cmsgpack.unpack(ARGV[1])
if not isOwn(KEYS[1], request.token) then
  return 'overtaken'
end
local added = 0
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
