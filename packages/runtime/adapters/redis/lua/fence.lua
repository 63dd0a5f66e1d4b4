--[[
  Stops the commits of a partition state, until its contents are replaced or the fence is removed. A fence that stands already
  stays; only a reprocessing takes over that of another one, whose rebuilt state is its own now. While its topic grows, a state that does not exist is fenced, too: it exists from then on, so the epoch is raised.

  KEYS[1]  {stateKey}:meta
  ARGV[1]  the fence, JSON; see `Fence`
  ARGV[2]  for how many milliseconds it stands, by the clock of the server; 0 if until it is removed

  Returns  { epoch, applied offset (-1 before the first record), fired, the fence }
]]
local meta = readMeta(KEYS[1])
local fence = cjson.decode(ARGV[1])
if not meta.fence or fence.why == 'reprocessing' and meta.fence.why == fence.why then
  meta.fence = fence
  if tonumber(ARGV[2]) > 0 then
    meta.fence.untilMs = tonumber(redis.call('TIME')[1]) * 1000 + ARGV[2]
  else
    meta.epoch = (meta.epoch or 0) + 1
    redis.call('HSET', KEYS[1], 'epoch', meta.epoch)
  end
  redis.call('HSET', KEYS[1], 'fence', cjson.encode(meta.fence))
end
return { meta.epoch or 0, meta.appliedOffset or -1, meta.fired or 0, cjson.encode(meta.fence) }
