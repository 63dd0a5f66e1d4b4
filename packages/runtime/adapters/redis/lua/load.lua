--[[
  Reads the parts of a partition state that a chunk may need.

  KEYS     meta, states, timers, due, outbox, ids, failures, context, skipped: see `keys.ts`
  ARGV[1]  the request, a map in MessagePack:
    entities       entities whose states and timers are requested
    holders        names under which the entities that wait for a failure are stored
    ids            requested ids, concatenated
    idWindowMs     milliseconds of log time for which ids are kept
    failures       ids of the requested failures, by group and bucket
    firstAppendMs  append time of the chunk's first record, milliseconds since the epoch
    advanceMs      advance of the log's clock after the first record of the chunk, milliseconds
    longestStepMs  maximum advance of the log's clock by one record, milliseconds
    timerLimit     maximum number of entities whose due timers are returned
    byteLimit      upper bound for the size of states and timers, bytes; due entities get at most half of it
    contexts       hashes of contexts that the caller has cached; nil if no context is requested
    sequences      fields of meta with the highest decided sequences of the chunk's origins

  Returns  the part of the partition state that the server has evicted, if any; otherwise
           { meta, due, states, timers, known, failures, outbox, more, context, skipped, sequences, held, waited }
           meta:     fields of meta in the order of the layout
           due:      { entity, threshold, … } in the order in which their timers fire
           states, timers: first of the due entities, then of those that wait, then of the other requested entities, in order and
                     within the byte limit; the first of each is always included
           known:    { index of a known id among the requested ones, its digest and log clock, … }
           failures: { group, newest entry of a requested failure, … }
           outbox:   { position, event, … }
           more:     1 if further timers are due
           context:  { hash, content }, without the content if the caller has cached it; {} if none is set or requested
           skipped:  { offset, digest, … }
           sequences: values of the requested fields
           held:     values of the requested holders: entities in JSON
           waited:   number of waiting entities in the reply that are not due
]]
local metaKey, statesKey, timersKey, dueKey, outboxKey, idsKey, failuresKey, contextKey, skippedKey = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local meta, stored = readMeta(metaKey)
local evicted = evictedPart(meta, statesKey, timersKey, dueKey, idsKey)
if evicted then
  return evicted
end
local clock, timerLimit = meta.clock or 0, request.timerLimit

-- Time of the log's clock at the end of the chunk. Timers beyond it cannot fire in this chunk.
local step = 0
if meta.last then
  step = math.min(math.max(request.firstAppendMs - meta.last, 0), request.longestStepMs)
end
local ending = '(' .. string.format('%.0f', clock + step + request.advanceMs)
local due = redis.call('ZRANGEBYSCORE', dueKey, '-inf', ending, 'WITHSCORES', 'LIMIT', 0, timerLimit + 1)
local more = 0
if #due > 2 * timerLimit then
  more = 1
  due[#due] = nil
  due[#due] = nil
end

-- Entities are read in small blocks, so that few are read beyond the byte limit. A block has as many entities as would fit at the
-- average size so far, and at most 16.
local BLOCK = 16
local states, timers, bytes = {}, {}, 0
-- Adds entities to the reply. Returns the number added, at least one if there are any.
local function add(entities, limit)
  local from, before = 1, bytes
  while from <= #entities do
    local each = (bytes - before) / (from - 1)
    local fitting = each > 0 and math.floor((limit - bytes) / each) + 1 or BLOCK
    local block = from == 1 and 2 or math.max(1, math.min(BLOCK, fitting))
    local to = math.min(from + block - 1, #entities)
    local some = redis.call('HMGET', statesKey, unpack(entities, from, to))
    local own = redis.call('HMGET', timersKey, unpack(entities, from, to))
    for number = 1, to - from + 1 do
      local state, timer = some[number], own[number]
      local size = (state and #state or 0) + (timer and #timer or 0)
      local added = from + number - 2
      if added > 0 and bytes + size > limit then
        return added
      end
      bytes = bytes + size
      states[#states + 1] = state
      timers[#timers + 1] = timer
    end
    from = to + 1
  end
  return #entities
end

local isAdded, passing, waiting, wanted = {}, {}, {}, {}
for at = 1, #due, 2 do
  passing[#passing + 1] = due[at]
end
for number = #passing, add(passing, request.byteLimit / 2) + 1, -1 do
  more = 1
  due[2 * number - 1], due[2 * number] = nil, nil
  passing[number] = nil
end
for _, entity in ipairs(passing) do
  isAdded[entity] = true
end
local function append(entities, entity)
  if not isAdded[entity] then
    isAdded[entity] = true
    entities[#entities + 1] = entity
  end
end
local held = #request.holders > 0 and redis.call('HMGET', statesKey, unpack(request.holders)) or {}
for _, holder in ipairs(held) do
  if holder then
    append(waiting, cjson.decode('[' .. holder .. ']')[1])
  end
end
local waited = add(waiting, request.byteLimit)
for number = waited + 1, #waiting do
  isAdded[waiting[number]] = nil
end
for _, entity in ipairs(request.entities) do
  append(wanted, entity)
end
add(wanted, request.byteLimit)

local known = findKnownIds(idsKey, request.ids, clock, request.idWindowMs)

local failures = {}
for name, buckets in pairs(request.failures) do
  for number, field in ipairs(LAYOUT.meta) do
    if field == 'failuresFrom' and hasEvictedFailures(meta, failuresKey, name) then
      stored[number] = false
    end
  end
  local group, wanted, isFound = groupOf(redis.call('HGET', failuresKey, name)), {}, {}
  for bucket in pairs(buckets) do
    wanted[#wanted + 1] = bucket
  end
  for generation = group.last, group.first, -1 do
    local key = failureKey(failuresKey, name, generation)
    for number, bucket in ipairs(redis.call('HMGET', key, unpack(wanted))) do
      for _, id in ipairs(bucket and buckets[wanted[number]] or {}) do
        local at = not isFound[id] and positionIn(bucket, id, LAYOUT.failures.entryBytes)
        if at then
          isFound[id] = true
          failures[#failures + 1] = name
          failures[#failures + 1] = string.sub(bucket, at, at + LAYOUT.failures.entryBytes - 1)
        end
      end
    end
  end
end

local context = {}
if request.contexts then
  local hash = redis.call('HGET', contextKey, 'hash')
  local isAtHand = false
  for _, cached in ipairs(request.contexts) do
    isAtHand = isAtHand or cached == hash
  end
  if isAtHand then
    context = { hash }
  elseif hash then
    context = { hash, redis.call('HGET', contextKey, 'content') }
  end
end

local outbox, skipped = redis.call('HGETALL', outboxKey), redis.call('HGETALL', skippedKey)
local sequences = #request.sequences > 0 and redis.call('HMGET', metaKey, unpack(request.sequences)) or {}
return { stored, due, states, timers, known, failures, outbox, more, context, skipped, sequences, held, waited }
