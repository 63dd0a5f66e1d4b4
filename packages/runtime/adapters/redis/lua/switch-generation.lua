--[[
  Replaces the contents of a partition state with the new ones, all or nothing, and raises the epoch: a commit that was computed
  from the old contents is refused, even if the new ones have the same applied offset.

  New contents that were claimed have been computed from the same log. So what the old ones have emitted stays in the outbox, and
  the counters go on from the old ones, but for those by which held entities and parked events are known.

  KEYS[1]  {stateKey}: prefix of its keys

  ARGV[1]  the request, a map in MessagePack:
    token  token of the attempt that has built the new contents; nil if they were claimed
    epoch  the epoch that the new contents had
    base   the version that the state must have; nil if any will do, unless the topic is growing
    by     who must have fenced the state; this and the following are nil unless the new contents were claimed
    next   the version that the new contents must have
    code   the code that must have made the last commits of both

  Returns  { epoch now, applied offset replaced }, or "overtaken" if a later attempt has begun, or "incomplete" if the
           server has lost some of the new contents, or "moved" if the version or the fence is a different one, or "growing" if
           the topic is growing and no version was named, or "other-code", or "other-partitioning"
]]
local live, ahead = KEYS[1], KEYS[1] .. ':next'
local metaKey, newMetaKey = live .. ':meta', ahead .. ':meta'
local request = cmsgpack.unpack(ARGV[1])
local isClaimed = request.by ~= nil
if not isClaimed and not isOwn(live, request.token) then
  return 'overtaken'
end
local meta = readMeta(metaKey)
local isGrowing = meta.fence and meta.fence.why == 'topic-growing'
local refused = isGrowing and (isClaimed or not request.base) and 'growing'
  or isClaimed and not (meta.fence and meta.fence.by == request.by) and 'moved'
  or request.base and not isAt(meta, request.base) and 'moved'
if refused and not isClaimed then
  removeGeneration(live)
end
if refused then
  return refused
end

-- Counters are the fields that are named `outcome/reason`. Those of held entities and parked events are left out.
local function countersOf(key)
  local names, counters, fields = {}, {}, redis.call('HGETALL', key)
  for at = 1, #fields, 2 do
    local outcome = string.match(fields[at], '^([^/]*)/')
    if outcome and outcome ~= 'held' and outcome ~= 'released' and not find(outcome, '^parked') then
      names[#names + 1] = fields[at]
      counters[#counters + 1] = fields[at]
      counters[#counters + 1] = fields[at + 1]
    end
  end
  return counters, names
end

local names
if isClaimed then
  local new
  names, new = partsOf(ahead)
  if not isAt(new, request.next) then
    return 'overtaken'
  end
  if evictedPart(new, ahead .. ':states', ahead .. ':timers', ahead .. ':due', ahead .. ':ids') then
    return 'incomplete'
  end
  for _, key in ipairs({ metaKey, newMetaKey }) do
    if redis.call('HGET', key, 'code') ~= request.code then
      return 'other-code'
    end
  end
  if (meta.generation or 0) ~= (new.generation or 0) then
    return 'other-partitioning'
  end
  local _, replaced = countersOf(newMetaKey)
  call('HDEL', newMetaKey, replaced)
  call('HSET', newMetaKey, (countersOf(metaKey)))
  call('HSET', live .. ':outbox', redis.call('HGETALL', ahead .. ':outbox'))
  if redis.call('HLEN', live .. ':outbox') > 0 then
    redis.call('RENAME', live .. ':outbox', ahead .. ':outbox')
  end
  names[#names + 1] = 'meta'
  names[#names + 1] = 'outbox'
else
  names = wholeNamesIn(live)
  if not names then
    return 'incomplete'
  end
end

local growths = redis.call('HGET', metaKey, 'growths')
removeState(live)
for _, name in ipairs(names) do
  if countIn(live, name) > 0 then
    redis.call('RENAME', ahead .. ':' .. name, live .. ':' .. name)
  end
end
local epoch = math.max(meta.epoch or 0, request.epoch) + 1
redis.call('HSET', metaKey, 'epoch', epoch)
-- Contents from before the topic grew, or none at all, do not undo that it did: emissions would count as older ones.
if meta.generation and meta.generation > (readMeta(metaKey).generation or 0) then
  redis.call('HSET', metaKey, 'generation', meta.generation, 'partitions', meta.partitions)
  call('HSET', metaKey, growths and { 'growths', growths } or {})
end
redis.call('DEL', ahead)
return { epoch, meta.appliedOffset or -1 }
