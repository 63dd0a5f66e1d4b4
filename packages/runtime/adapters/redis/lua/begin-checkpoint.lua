--[[
  Begins reading a whole partition state for a checkpoint. Commits continue during the read, and record their changes from now on.
  These changes are read at the end.

  KEYS[1]  {stateKey}:meta
  KEYS[2]  {stateKey}:changes

  ARGV[1]  the request, a map in MessagePack:
    run    name of this run, used if the changes since an earlier checkpoint are unknown
    since  earlier checkpoint since which changes must be tracked; nil if there is no earlier checkpoint

  Returns  { checkpoint or run since which changes are tracked, last generation that need not be read }
]]
local metaKey, changesKey = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local meta = readMeta(metaKey)
local open, epoch, since = unpack(redis.call('HMGET', changesKey, 'open', 'epoch', 'since'))
if open and since == request.since and tonumber(epoch) == (meta.epoch or 0) then
  redis.call('HSET', changesKey, 'open', open + 1)
  return { since, tonumber(open) }
end
stopTracking(changesKey)
local fields = { 'since', request.run, 'epoch', meta.epoch or 0, 'clock', meta.clock or 0, 'from', 1, 'open', 1 }
call('HSET', changesKey, fields)
return { request.run, 0 }
