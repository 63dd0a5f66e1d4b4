--[[
  Replaces the contents of a partition state with its next generation, all or nothing, and raises the epoch. A commit that was
  computed from the old contents is then refused, even if the new contents have the same applied offset.

  If the state is fenced for the switch, the next generation continues it: unpublished entries of the old contents stay in the
  outbox, and the counters continue from the old values, except for the counters of held entities and parked events.

  KEYS[1]  {stateKey}: prefix of the keys of the state

  ARGV[1]  the request, a map in MessagePack:
    next     required version of the next generation
    above    lower bound for the new epoch, exclusive
    base     required version of the state; nil for any version
    why      reason for which the state must be fenced; nil if no fence is required
    attempt  number of this attempt; the fence must be of this attempt or an earlier one
    code     code that must have made the last commits of both; nil for any code

  Returns  { new epoch, replaced applied offset }, or "moved" if the version or the fence differs, or "overtaken" if the
           next generation is a different one, or "incomplete" if the server has lost a part of it, or "other-code", or
           "other-partitioning"
]]
local live, ahead = KEYS[1], KEYS[1] .. ':next'
local metaKey, newMetaKey = live .. ':meta', ahead .. ':meta'
local request = cmsgpack.unpack(ARGV[1])
local meta = readMeta(metaKey)
local names, new = partsOf(ahead)
local fence = meta.fence
local isFenced = fence and fence.why == request.why and (fence.attempt or 0) <= request.attempt
if request.why and not isFenced or request.base and not isAt(meta, request.base) then
  -- If no fence was required, the generation was built only for this switch, so it is removed.
  if not request.why and isAt(new, request.next) then
    removeGeneration(live)
  end
  return 'moved'
end
if not isAt(new, request.next) then
  return 'overtaken'
end
if evictedPart(new, ahead .. ':states', ahead .. ':timers', ahead .. ':due', ahead .. ':ids') then
  return 'incomplete'
end
if request.code then
  for _, key in ipairs({ metaKey, newMetaKey }) do
    if redis.call('HGET', key, 'code') ~= request.code then
      return 'other-code'
    end
  end
  if (meta.generation or 0) ~= (new.generation or 0) then
    return 'other-partitioning'
  end
end

-- Returns the sequences of origins, and the counters, which are fields named `outcome/reason`, except for the counters of held
-- entities and parked events.
local function countersOf(key)
  local found, counters, fields = {}, {}, redis.call('HGETALL', key)
  for at = 1, #fields, 2 do
    local outcome = string.match(fields[at], '^([^/]*)/')
    local isSequence = find(fields[at], '^sequence ')
    if isSequence or outcome and outcome ~= 'held' and outcome ~= 'released' and not find(outcome, '^parked') then
      found[#found + 1] = fields[at]
      counters[#counters + 1] = fields[at]
      counters[#counters + 1] = fields[at + 1]
    end
  end
  return counters, found
end

if request.why then
  local _, replaced = countersOf(newMetaKey)
  call('HDEL', newMetaKey, replaced)
  call('HSET', newMetaKey, (countersOf(metaKey)))
  call('HSET', live .. ':outbox', redis.call('HGETALL', ahead .. ':outbox'))
  if redis.call('HLEN', live .. ':outbox') > 0 then
    redis.call('RENAME', live .. ':outbox', ahead .. ':outbox')
  end
end

-- Add the names of the keys that the build has created, and of the keys that later commits have created.
for _, name in ipairs(namesIn(live)) do
  names[#names + 1] = name
end
names[#names + 1] = 'outbox'
local growths = redis.call('HGET', metaKey, 'growths')
removeState(live)
for _, name in ipairs(names) do
  if countIn(live, name) > 0 then
    redis.call('RENAME', ahead .. ':' .. name, live .. ':' .. name)
  end
end
local epoch = math.max(meta.epoch or 0, request.above) + 1
redis.call('HSET', metaKey, 'epoch', epoch)
-- A switch to older contents, or to no contents, must not undo a growth of the topic. Otherwise, new emissions would be ordered
-- before earlier emissions.
local isOlder = meta.generation and meta.generation > (new.generation or 0)
if isOlder then
  redis.call('HSET', metaKey, 'generation', meta.generation, 'partitions', meta.partitions)
end
if growths and isOlder then
  redis.call('HSET', metaKey, 'growths', growths)
end
removeGeneration(live)
return { epoch, meta.appliedOffset or -1 }
