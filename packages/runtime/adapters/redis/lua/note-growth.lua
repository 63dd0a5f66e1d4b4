--[[
  Records a growth of the topic in a partition state whose contents do not change. Raises the epoch, so that the next checkpoint can
  be distinguished from the previous one. A state that does not exist remains absent.

  KEYS[1]  {stateKey}:meta

  ARGV[1]  number of the growth
  ARGV[2]  current number of partitions of the topic
  ARGV[3]  all growths, JSON
]]
local meta = readMeta(KEYS[1])
if (meta.epoch or 0) > 0 or meta.appliedOffset then
  redis.call('HINCRBY', KEYS[1], 'epoch', 1)
end
redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'partitions', ARGV[2], 'growths', ARGV[3])
return 1
