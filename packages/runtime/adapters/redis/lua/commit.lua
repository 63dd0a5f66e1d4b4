--[[
  Writes the changes of a chunk to its partition state, all or nothing, if the partition state still has the version from which
  they were computed.

  KEYS     meta, states, timers, due, outbox, ids, failures, context, changes: see `keys.ts`
  ARGV[1]  the request, a map in MessagePack:
    base             the version: epoch, applied offset (-1 before the first record) and fired
    appliedOffset    the new applied offset
    fired            timers fired since the new applied offset
    emitted          events emitted since the new applied offset
    parkedBytes      approximate size of what all entities have parked by then
    newEntities      how many entities each group of producers has added of late; nil if none has
    nowMs            log clock, milliseconds
    lastAppendMs     append time of the record at the new applied offset, milliseconds since the epoch; nil before the first
    highestAppendMs  highest append time so far, in the same form
    appliedDigest    digest of the record at the new applied offset; nil if not known
    states           entity and state in turn
    statesGone       entities whose states are deleted
    timers           entity and its timers in turn
    due              threshold of the first timer and entity in turn
    timersGone       entities that no longer have a timer
    outbox           position and event in turn
    tally            increments by counter
    context          new fields of the partition's context, in turn; empty if unchanged
    ids              by generation: bucket and what goes to its front, in turn
    idWindowMs       milliseconds of log time for which ids are kept
    failures         by group: bucket and what goes to its front, in turn
    failureWindowMs  milliseconds of log time for which failures are kept
    failureBytes     upper bound for the bytes of failures
    forgottenTold    number of forgotten failures that have been reported
    failuresFromMs   append time from which on all failures are remembered, unless this commit forgets some; nil if not known
    code             which code makes the commit; nil if not known

  Returns  1 committed, 0 refused (also while it is fenced), or the part of the partition state that the server has evicted
]]
local metaKey, statesKey, timersKey, dueKey, outboxKey, idsKey, failuresKey, contextKey, changesKey = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local meta = readMeta(metaKey)
if meta.fence or not isAt(meta, request.base) then
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
-- A partition state's first commit can already hold ids that are too old to be kept.
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
noteChanges(changesKey, meta, request, next(request.failures) or memory.bytes ~= (meta.failureBytes or 0))

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
  generation = meta.generation,
  partitions = meta.partitions,
  code = request.code,
  codeFrom = redis.call('HGET', metaKey, 'code') == request.code and meta.codeFrom or request.base.appliedOffset + 1,
})
return 1
