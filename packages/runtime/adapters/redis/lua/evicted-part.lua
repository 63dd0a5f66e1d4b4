--[[
  Prepended to `load.lua` and `commit.lua`. Detects whether the server has evicted a part of the partition state. A server evicts
  whole keys silently, so each commit stores the number of fields in meta.
]]
local function countIds(prefix, oldest, newest)
  local count = 0
  for generation = oldest, newest do
    local key, more = idKeys(prefix, generation)
    count = count + redis.call('HLEN', key) + redis.call('HLEN', more)
  end
  return count
end

-- Returns "meta", "states", "timers" or "ids" if that part differs from what the last commit has stored; nil
-- if nothing is missing, or if the partition state was stored before fields were counted.
local function evictedPart(meta, statesKey, timersKey, dueKey, idsKey)
  if meta.appliedOffset and not meta.states then
    return nil
  end
  if redis.call('HLEN', statesKey) ~= (meta.states or 0) then
    return meta.appliedOffset and 'states' or 'meta'
  end
  local timers = meta.timers or 0
  if redis.call('HLEN', timersKey) ~= timers or redis.call('ZCARD', dueKey) ~= timers then
    return meta.appliedOffset and 'timers' or 'meta'
  end
  if meta.ids and countIds(idsKey, meta.oldest, generationAt(meta.clock or 0)) ~= meta.ids then
    return 'ids'
  end
  return nil
end

-- Returns true if the server has evicted all failures, or some failures of a producer group.
local function hasEvictedFailures(meta, failuresKey, name)
  if (meta.failureBytes or 0) > 0 and redis.call('HLEN', failuresKey) == 0 then
    return true
  end
  local group = groupOf(redis.call('HGET', failuresKey, name))
  for generation = group.first, group.last do
    if redis.call('HLEN', failureKey(failuresKey, name, generation)) == 0 then
      return true
    end
  end
  return false
end
