--[[
  Raises the fence of a partition state, which stops its commits until its contents are replaced or the fence is removed; or removes
  it. A fence that stands already stays, unless it is of the same kind and of no later attempt: that command has ended, or will. While
  its topic grows, a state that does not exist is fenced, too: it exists from then on, so the epoch is raised.

  KEYS[1]  {stateKey}:meta
  ARGV[1]  the fence, JSON; see `Fence`
  ARGV[2]  for how many milliseconds it stands, by the clock of the server; 0 if until it is removed; empty to remove it

  Returns  { epoch, applied offset (-1 before the first record), fired, the fence that stands }
]]
local fence, text = cjson.decode(ARGV[1]), redis.call('HGET', KEYS[1], 'fence')
local before = text and cjson.decode(text)
local isOwn = before and before.why == fence.why and before.partitions == fence.partitions
  and (before.attempt or 0) <= fence.attempt

if ARGV[2] == '' then
  if isOwn then
    redis.call('HDEL', KEYS[1], 'fence')
    -- The fence alone has made the state.
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
