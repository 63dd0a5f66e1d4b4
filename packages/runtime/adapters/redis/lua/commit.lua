--[[
  Writes the changes of a chunk to its partition state, all or nothing. The commit is refused unless the partition state still has
  the version from which the changes were computed.

  KEYS     meta, states, timers, due, outbox, ids, failures, context, skipped: see `keys.ts`
  ARGV[1]  the request, a map in MessagePack:
    base             required version: epoch, applied offset (-1 before the first record) and fired
    appliedOffset    new applied offset
    fired            number of timers that have fired since the new applied offset
    emitted          number of events emitted since the new applied offset
    parkedBytes      approximate size of the parked events of all entities, bytes
    newEntities      number of entities that each producer group has added recently; nil if none were added
    nowMs            log clock, milliseconds
    lastAppendMs     append time of the record at the new applied offset, milliseconds since the epoch; nil before the first
    highestAppendMs  highest append time so far, milliseconds since the epoch
    appliedDigest    digest of the record at the new applied offset; nil if unknown
    states           alternating entities and states
    statesGone       entities whose states are removed
    timers           alternating entities and their timers
    due              alternating thresholds of first timers and entities
    timersGone       entities without timers from now on
    outbox           alternating positions and events
    tally            increments by counter
    context          alternating new fields and values of the partition's context; empty if unchanged
    ids              by generation: alternating buckets and entries to add to their fronts
    idWindowMs       milliseconds of log time for which ids are kept
    failures         by group: alternating buckets and entries to add to their fronts
    failureWindowMs  milliseconds of log time for which failures are kept
    failureBytes     upper bound for the size of failures, bytes
    forgottenTold    number of forgotten failures that have been reported
    failuresFromMs   append time from which all failures are remembered, unless this commit forgets some; nil if unknown
    origin           origin of the emissions; nil if unknown
    sequences        alternating fields and values of meta: highest decided sequences by origin
    code             code that makes the commit; nil if unknown
    mark             unique name of this commit; nil if its instance keeps no states
    guess            of a change that was decided without a load: the required `mark`, and `ids` of the chunk, concatenated, none of
                     which may be stored; nil after a load

  Returns  1 if committed, 0 if refused (also while the state is fenced), or the part of the partition state that the server has
           evicted. If committed with a mark: { size of failures, number of forgotten failures, append time from which all failures
           are remembered, threshold of the first timer }, with false where there is none
]]
local metaKey, statesKey, timersKey, dueKey, outboxKey, idsKey, failuresKey, contextKey, skippedKey = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local meta = readMeta(metaKey)
if meta.fence or not isAt(meta, request.base) then
  return 0
end

-- Returns true if one of the records that are decided was skipped.
local function isSkipped()
  for _, offset in ipairs(redis.call('HKEYS', skippedKey)) do
    if tonumber(offset) > request.base.appliedOffset and tonumber(offset) <= request.appliedOffset then
      return true
    end
  end
  return false
end

-- Returns true if a load would have returned the kept state from which the change was computed.
local function isProven(guess)
  return meta.mark == guess.mark
    and redis.call('HLEN', outboxKey) == 0
    and not isSkipped()
    and #findKnownIds(idsKey, guess.ids, meta.clock, request.idWindowMs) == 0
end
if request.guess and not isProven(request.guess) then
  return 0
end

-- A server frees memory before it runs a script, so it may have evicted keys since the load.
local evicted = evictedPart(meta, statesKey, timersKey, dueKey, idsKey)
if evicted then
  return evicted
end

call('HSET', statesKey, request.states)
call('HDEL', statesKey, request.statesGone)
call('HSET', timersKey, request.timers)
call('ZADD', dueKey, request.due)
call('HDEL', timersKey, request.timersGone)
call('ZREM', dueKey, request.timersGone)
call('HSET', outboxKey, request.outbox)
call('HSET', contextKey, request.context)
call('HSET', metaKey, request.sequences)
for name, count in pairs(request.tally) do
  redis.call('HINCRBY', metaKey, name, count)
end

local lowest
for generation, buckets in pairs(request.ids) do
  lowest = math.min(lowest or generation, generation)
  local key, more = idKeys(idsKey, generation)
  addIds(key, more, buckets)
end
local oldest = math.max(0, generationAt(request.nowMs - request.idWindowMs))
-- The first commit of a partition state may contain ids that are already too old to be kept.
for generation = meta.oldest or lowest or oldest, oldest - 1 do
  redis.call('UNLINK', idKeys(idsKey, generation))
end

local memory = {
  key = failuresKey,
  clock = request.nowMs,
  room = request.failureBytes,
  bytes = meta.failureBytes or 0,
  forgotten = (meta.forgotten or 0) - request.forgottenTold,
  failuresFrom = request.failuresFromMs,
  highest = request.highestAppendMs or meta.highest or 0,
}
for name, buckets in pairs(request.failures) do
  if hasEvictedFailures(meta, failuresKey, name) then
    forgets(memory)
  end
  addFailures(memory, name, buckets)
end
if math.floor(request.nowMs / DAY) > math.floor((meta.clock or 0) / DAY) then
  dropOlder(memory, request.nowMs - request.failureWindowMs)
end
dropWithoutRoom(memory)

writeMeta(metaKey, {
  epoch = meta.epoch or 0,
  appliedOffset = request.appliedOffset,
  fired = request.fired,
  emitted = request.emitted,
  parkedBytes = request.parkedBytes,
  newEntities = request.newEntities,
  clock = request.nowMs,
  last = request.lastAppendMs or meta.last,
  highest = request.highestAppendMs or meta.highest,
  digest = request.appliedDigest,
  oldest = oldest,
  failureBytes = memory.bytes,
  forgotten = memory.forgotten,
  failuresFrom = memory.failuresFrom,
  states = redis.call('HLEN', statesKey),
  timers = redis.call('HLEN', timersKey),
  ids = countIds(idsKey, oldest, generationAt(request.nowMs)),
  origin = request.origin,
  code = request.code,
  mark = request.mark,
  codeFrom = redis.call('HGET', metaKey, 'code') == request.code and meta.codeFrom or request.base.appliedOffset + 1,
})
if not request.mark then
  return 1
end
local first = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
return { memory.bytes, memory.forgotten, memory.failuresFrom or false, first[2] or false }
