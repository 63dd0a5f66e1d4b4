--[[
  Raises or removes the fence of a partition state. A fence rejects commits until the contents are replaced or the fence is removed.
  An existing fence is replaced only if it has the same kind and does not belong to a later attempt. While the topic grows, a state
  that does not exist is fenced as well: it is created, so its epoch is raised.

  KEYS[1]  {stateKey}:meta
  ARGV[1]  the fence, JSON; see `Fence`
  ARGV[2]  time after which the fence expires, milliseconds of the server's clock; 0 for never; empty to remove the fence

  Returns  { epoch, applied offset (-1 before the first record), fired, fence that is in place }
]]
local fence, text = cjson.decode(ARGV[1]), redis.call('HGET', KEYS[1], 'fence')
local before = text and cjson.decode(text)
local isOwn = before and before.why == fence.why and before.partitions == fence.partitions
  and (before.attempt or 0) <= fence.attempt

if ARGV[2] == '' then
  if isOwn then
    redis.call('HDEL', KEYS[1], 'fence')
    -- The state was created only for the fence.
    if redis.call('HLEN', KEYS[1]) == 1 and redis.call('HGET', KEYS[1], 'epoch') == '1' then
      redis.call('DEL', KEYS[1])
    end
  end
  return 1
end

local meta = readMeta(KEYS[1])
if not meta.fence or isOwn then
  if tonumber(ARGV[2]) > 0 then
    fence.untilMs = tonumber(redis.call('TIME')[1]) * 1000 + ARGV[2]
  elseif not meta.fence then
    meta.epoch = (meta.epoch or 0) + 1
    redis.call('HSET', KEYS[1], 'epoch', meta.epoch)
  end
  meta.fence = fence
  redis.call('HSET', KEYS[1], 'fence', cjson.encode(fence))
end
return { meta.epoch or 0, meta.appliedOffset or -1, meta.fired or 0, cjson.encode(meta.fence) }
