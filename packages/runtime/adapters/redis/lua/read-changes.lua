--[[
  Completes the read of a partition state for a checkpoint. Returns a consistent copy of the remaining small parts. If there are
  many changes, it closes the open generation instead: the caller reads this generation, and calls the script again.

  KEYS     meta, states, timers, outbox, failures, context, changes: see `keys.ts` and `changes.lua`
  ARGV[1]  the request, a map in MessagePack:
    since    expected start of the tracked changes
    read     last generation that was read
    isWhole  1 to return the context and the failures even if they have not changed, otherwise 0

  Returns  the last closed generation, or 'moved' if the changes are no longer tracked because the state was replaced, another run has
           taken a checkpoint, or the server has evicted some changes; or
           { generation, meta, entities, states, timers, ids, outbox, context, failures, isChanged }
           generation: the last generation, whose contents are in the reply
           meta, outbox, context: alternating fields and values
           ids:       blocks of ids
           failures:  alternating groups and buckets of their failures, the newest first
           isChanged: 1 if the failures are in the reply, otherwise 0
]]
local metaKey, statesKey, timersKey, outboxKey, failuresKey, contextKey, changesKey = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local epoch = tonumber(redis.call('HGET', metaKey, 'epoch') or 0)
local open, from, noted, since, context, failed =
  unpack(redis.call('HMGET', changesKey, 'open', 'from', 'epoch', 'since', 'context', 'failures'))
if not open or since ~= request.since or tonumber(noted) ~= epoch then
  return 'moved'
end
open, from = tonumber(open), tonumber(from)
redis.call('HSET', changesKey, 'open', open + 1)
local count, idCount = changedIn(changesKey, open)
if request.read < open - 1 or count > LAYOUT.changes.entitiesAtOnce or idCount > LAYOUT.changes.idsAtOnce then
  return open
end
local generation = changesKey .. ':' .. open
local entities, ids = redis.call('SMEMBERS', generation), redis.call('HVALS', generation .. ':ids')
local idBytes = 0
for _, block in ipairs(ids) do
  idBytes = idBytes + #block
end
if #entities ~= count or idBytes ~= idCount * LAYOUT.changes.idBytes then
  redis.call('HSET', changesKey, 'since', 'lost')
  return 'moved'
end

local states, timers, bytes = {}, {}, 0
local BLOCK = 16
for at = 1, #entities, BLOCK do
  local last = math.min(at + BLOCK - 1, #entities)
  for _, part in ipairs({ { statesKey, states }, { timersKey, timers } }) do
    local key, found = unpack(part)
    for _, value in ipairs(redis.call('HMGET', key, unpack(entities, at, last))) do
      bytes = bytes + (value and #value or 0)
      found[#found + 1] = value
    end
  end
  if bytes > LAYOUT.changes.bytesAtOnce then
    return open
  end
end

local function isWanted(changed)
  return request.isWhole == 1 or changed and tonumber(changed) >= from
end
local failures = {}
if isWanted(failed) then
  local groups = redis.call('HGETALL', failuresKey)
  for at = 1, #groups, 2 do
    local group = groupOf(groups[at + 1])
    for number = group.last, group.first, -1 do
      local buckets = redis.call('HGETALL', failureKey(failuresKey, groups[at], number))
      for field = 1, #buckets, 2 do
        if buckets[field] ~= LAYOUT.failures.about then
          failures[#failures + 1] = groups[at]
          failures[#failures + 1] = buckets[field + 1]
        end
      end
    end
  end
end
return {
  open,
  redis.call('HGETALL', metaKey),
  entities,
  states,
  timers,
  ids,
  redis.call('HGETALL', outboxKey),
  isWanted(context) and redis.call('HGETALL', contextKey) or {},
  failures,
  isWanted(failed) and 1 or 0,
}
