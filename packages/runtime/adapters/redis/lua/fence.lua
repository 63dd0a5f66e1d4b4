--[[
  Raises or removes the fence of a partition state. A fence rejects commits until the contents are replaced or the fence is removed.
  An existing fence is replaced only if it has the same kind and does not belong to a later run.

  KEYS[1]  {stateKey}:meta
  ARGV[1]  the fence, JSON; see `Fence`
  ARGV[2]  time after which the fence expires, milliseconds of the server's clock; empty to remove the fence

  Returns  { epoch, applied offset (-1 before the first record), fired, fence that is in place }
]]
local fence, text = cjson.decode(ARGV[1]), redis.call('HGET', KEYS[1], 'fence')
local before = text and cjson.decode(text)
local isOwn = before and before.why == fence.why and before.attempt <= fence.attempt

if ARGV[2] == '' then
  if isOwn then
    redis.call('HDEL', KEYS[1], 'fence')
  end
  return 1
end

local meta = readMeta(KEYS[1])
if not meta.fence or isOwn then
  fence.untilMs = tonumber(redis.call('TIME')[1]) * 1000 + ARGV[2]
  meta.fence = fence
  redis.call('HSET', KEYS[1], 'fence', cjson.encode(fence))
end
return { meta.epoch or 0, meta.appliedOffset or -1, meta.fired or 0, cjson.encode(meta.fence) }
