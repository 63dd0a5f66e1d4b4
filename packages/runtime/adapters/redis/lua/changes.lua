--[[
  Prepended to `commit.lua` and the scripts of checkpoints: which entities and ids commits have changed since the last checkpoint.
  They are in numbered generations: a reader closes one by opening the next, and reads it while commits add to the new one.

  {stateKey}:changes          hash; absent until the first checkpoint, and after the longest time without one:
    since              the checkpoint that holds everything before the generation `from`, or the run that takes the first one
    epoch              of the state, whose contents are others in another epoch
    clock              log clock at `since`
    from, open         the oldest generation, and the one to which commits add
    entities:<n>, ids:<n>  how many a generation has
    context, failures  the last generation in which these were changed
  {stateKey}:changes:<n>      set: entities whose state or timers were changed
  {stateKey}:changes:<n>:ids  hash: number of a block → its ids, each as the name of its bucket and its entry
]]
local function removeChanges(key, from, to)
  for generation = from, to do
    redis.call('UNLINK', key .. ':' .. generation, key .. ':' .. generation .. ':ids')
    redis.call('HDEL', key, 'entities:' .. generation, 'ids:' .. generation)
  end
end

local function stopTracking(key)
  local from, open = unpack(redis.call('HMGET', key, 'from', 'open'))
  if open then
    removeChanges(key, tonumber(from), tonumber(open))
    redis.call('DEL', key)
  end
end

-- How many entities and ids a generation has, by its number.
local function changedIn(key, generation)
  local entities, ids = unpack(redis.call('HMGET', key, 'entities:' .. generation, 'ids:' .. generation))
  return tonumber(entities or 0), tonumber(ids or 0)
end
