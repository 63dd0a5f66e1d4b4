--[[
  Prepended to `commit.lua`, after `changes.lua`. Adds the changes of a commit to the open generation. Nothing is tracked if no
  checkpoints are taken. Tracking stops once no checkpoint was taken for the duration of a generation of ids, because a complete
  checkpoint is as cheap by then.
]]
local function entitiesOf(request)
  local entities, isThere = {}, {}
  for _, inTurn in ipairs({ request.states, request.timers }) do
    for at = 1, #inTurn, 2 do
      local entity = inTurn[at]
      if not isThere[entity] then
        isThere[entity] = true
        entities[#entities + 1] = entity
      end
    end
  end
  return entities
end

-- Returns all ids of a commit, the newest of a bucket last, and their number.
local function idsOf(request)
  local ids, sub, entryBytes = {}, string.sub, LAYOUT.ids.entryBytes
  for _, buckets in pairs(request.ids) do
    for at = 1, #buckets, 2 do
      local bucket, entries = buckets[at], buckets[at + 1]
      for last = #entries, 1, -entryBytes do
        ids[#ids + 1] = bucket
        ids[#ids + 1] = #entries == entryBytes and entries or sub(entries, last - entryBytes + 1, last)
      end
    end
  end
  return table.concat(ids), #ids / 2
end

local function noteChanges(key, meta, request, changesFailures)
  local open, epoch, clock = unpack(redis.call('HMGET', key, 'open', 'epoch', 'clock'))
  if not open then
    return
  end
  if tonumber(epoch) ~= (meta.epoch or 0) or request.nowMs - clock > LAYOUT.changes.longestMs then
    stopTracking(key)
    return
  end
  local generation, noted, count = key .. ':' .. open, changedIn(key, open)
  for _, entities in ipairs({ entitiesOf(request), request.statesGone, request.timersGone }) do
    noted = noted + call('SADD', generation, entities)
  end
  local ids, added = idsOf(request)
  if added > 0 then
    local block = math.floor(count / LAYOUT.changes.idsOfBlock)
    local before = redis.call('HGET', generation .. ':ids', block) or ''
    redis.call('HSET', generation .. ':ids', block, before .. ids)
  end
  local fields = { 'entities:' .. open, noted, 'ids:' .. open, count + added }
  call('HSET', key, fields)
  call('HSET', key, #request.context > 0 and { 'context', open } or {})
  call('HSET', key, changesFailures and { 'failures', open } or {})
end
