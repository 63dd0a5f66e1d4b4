--[[
  Records that a checkpoint is stored, and removes the changes that it contains. From now on, changes since this checkpoint are
  tracked.

  KEYS[1]  {stateKey}:meta
  KEYS[2]  {stateKey}:changes

  ARGV[1]  the request, a map in MessagePack:
    since       expected start of the tracked changes; it differs if another run has taken a checkpoint or the state was replaced
    generation  last generation that the checkpoint contains
    taken       name of the checkpoint

  Returns  1; 0 if nothing was changed
]]
local metaKey, changesKey = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local from, since = unpack(redis.call('HMGET', changesKey, 'from', 'since'))
if since ~= request.since then
  return 0
end
removeChanges(changesKey, tonumber(from), request.generation)
local clock = redis.call('HGET', metaKey, 'clock') or 0
redis.call('HSET', changesKey, 'from', request.generation + 1, 'since', request.taken, 'clock', clock)
return 1
