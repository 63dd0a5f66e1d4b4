--[[
  Stops the commits of a partition state while its topic grows. Whatever was computed before is refused, because the epoch is
  raised.

  KEYS[1]  {stateKey}:meta
  ARGV[1]  number of partitions that the topic will have

  Returns  { epoch, applied offset (-1 before the first record), fired, to how many partitions the topic is growing }
]]
local meta = readMeta(KEYS[1])
if not meta.growing then
  meta.growing, meta.epoch = tonumber(ARGV[1]), (meta.epoch or 0) + 1
  redis.call('HSET', KEYS[1], 'growing', meta.growing, 'epoch', meta.epoch)
end
return { meta.epoch, meta.appliedOffset or -1, meta.fired or 0, meta.growing }
