--[[
  Prepended to `commit.lua` and the scripts of checkpoints. Defines how changes since the last checkpoint are stored: the changed
  entities and ids are added to numbered generations. A reader closes a generation by opening the next generation, and reads the
  closed generation while commits add to the new generation.

  {stateKey}:changes          hash; absent before the first checkpoint, and after a long time without checkpoints:
    since              checkpoint that contains everything before the generation `from`, or run that takes the first one
    epoch              epoch of the state; if it differs, the state was replaced
    clock              log clock at `since`
    from, open         oldest generation, and generation to which commits add
    entities:<n>, ids:<n>  numbers of entities and ids in a generation
    context, failures  last generation in which the context or the failures were changed
  {stateKey}:changes:<n>      set of entities with a changed state or changed timers
  {stateKey}:changes:<n>:ids  hash from the number of a block to its ids, each as the name of its bucket and its entry
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

-- Returns the numbers of entities and ids in a generation.
local function changedIn(key, generation)
  local entities, ids = unpack(redis.call('HMGET', key, 'entities:' .. generation, 'ids:' .. generation))
  return tonumber(entities or 0), tonumber(ids or 0)
end
