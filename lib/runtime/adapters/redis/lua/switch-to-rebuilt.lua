--[[
  Replaces a partition state by the one that was rebuilt beside it, all or nothing, and raises the epoch: a commit that was computed
  from the old state is refused, although the new one has the same applied offset. Entries of the old outbox were emitted and are
  published; they stay, beside those of the rebuilt one. The counters go on from the old ones, but for those by which held entities
  and parked events are known: the rebuilt state has others.

  KEYS[1]  prefix of the partition state's keys
  KEYS[2]  prefix of the rebuilt state's keys; same hash tag

  ARGV[1]  the request, a map in MessagePack:
    live     the version that the partition state must have: epoch, applied offset and fired
    rebuilt  the version that the rebuilt state must have
    by       who must have fenced the partition state
    code     the code that must have made the last commits of both

  Returns  the new epoch, or "growing" if the topic is growing, whose fence must stay, or "moved" if the partition state has another
           version, or "other-code", "other-partitioning", or "lost" if the rebuilt state has another version or the server has
           evicted a part of it
]]
local live, rebuilt = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local oldNames, old = partsOf(live)
if old.fence and old.fence.why == 'topic-growing' then
  return 'growing'
end
if not old.fence or old.fence.by ~= request.by or not isAt(old, request.live) then
  return 'moved'
end
local newNames, new = partsOf(rebuilt)
if not isAt(new, request.rebuilt) then
  return 'lost'
end
if evictedPart(new, rebuilt .. ':states', rebuilt .. ':timers', rebuilt .. ':due', rebuilt .. ':ids') then
  return 'lost'
end
for _, prefix in ipairs(KEYS) do
  if redis.call('HGET', prefix .. ':meta', 'code') ~= request.code then
    return 'other-code'
  end
end
if (old.generation or 0) ~= (new.generation or 0) then
  return 'other-partitioning'
end

-- Counters are the fields that are named `outcome/reason`. Those of held entities and parked events are left out.
local function countersOf(prefix)
  local counters, fields = {}, redis.call('HGETALL', prefix .. ':meta')
  for at = 1, #fields, 2 do
    local outcome = string.match(fields[at], '^([^/]*)/')
    if outcome and outcome ~= 'held' and outcome ~= 'released' and not find(outcome, '^parked') then
      counters[#counters + 1] = fields[at]
      counters[#counters + 1] = fields[at + 1]
    end
  end
  return counters
end
local counters, replaced = countersOf(live), countersOf(rebuilt)

for _, name in ipairs(oldNames) do
  redis.call('UNLINK', live .. ':' .. name)
end
redis.call('UNLINK', live .. ':meta')
newNames[#newNames + 1] = 'meta'
for _, name in ipairs(newNames) do
  if redis.call('EXISTS', rebuilt .. ':' .. name) == 1 then
    redis.call('RENAME', rebuilt .. ':' .. name, live .. ':' .. name)
  end
end
call('HSET', live .. ':outbox', redis.call('HGETALL', rebuilt .. ':outbox'))
redis.call('UNLINK', rebuilt .. ':outbox')
for at = 1, #replaced, 2 do
  redis.call('HDEL', live .. ':meta', replaced[at])
end
call('HSET', live .. ':meta', counters)
local epoch = (old.epoch or 0) + 1
redis.call('HSET', live .. ':meta', 'epoch', epoch)
return epoch
