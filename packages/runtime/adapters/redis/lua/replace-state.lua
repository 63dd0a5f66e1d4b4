--[[
  Replaces the contents of a partition state with those of its rebuild or with nothing, all or nothing, and raises the epoch. A commit
  that was computed from the old contents is then refused, even if the new contents have the same applied offset.

  Under the fence of its run, a rebuild continues the state: unpublished entries of the old contents stay in the outbox, and the
  counters continue from the old values, except for the counters of held entities and parked events.

  KEYS[1]  {stateKey}: prefix of the keys of the state

  ARGV[1]  the request, a map in MessagePack:
    base      required version of the state; nil for any version
    run       number of the run of the rebuild; its fence must be of this run or of an earlier one; nil to empty the state
    code      code that must have made the last commit of the state, and that has computed the rebuild
    codeFrom  first offset from which this code has decided all records of the rebuild
    rebuild   description of the rebuild, text

  Returns  the new epoch, or "moved" if the version or the fence differs, or "overtaken" if another run works on the rebuild, or
           "incomplete" if the server has lost a part of it, or "other-code"
]]
local live, ahead = KEYS[1], KEYS[1] .. ':staged'
local metaKey, newMetaKey = live .. ':meta', ahead .. ':meta'
local request = cmsgpack.unpack(ARGV[1])
local meta, run = readMeta(metaKey), request.run
local isMoved = request.base and not isAt(meta, request.base)
if not run and isMoved then
  return 'moved'
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

local names = {}
if run then
  local new = readMeta(newMetaKey)
  if new.epoch ~= run then
    return 'overtaken'
  end
  local fence = meta.fence
  local isFenced = fence and fence.why == 'reprocessing' and fence.attempt <= run
  local isEvicted = not new.appliedOffset
    or evictedPart(new, ahead .. ':states', ahead .. ':timers', ahead .. ':due', ahead .. ':ids')
  local refused = (isMoved or not isFenced) and 'moved'
    or isEvicted and 'incomplete'
    or redis.call('HGET', metaKey, 'code') ~= request.code and 'other-code'
  if refused then
    removeRebuild(live)
    return refused
  end
  local _, replaced = countersOf(newMetaKey)
  call('HDEL', newMetaKey, replaced)
  call('HSET', newMetaKey, (countersOf(metaKey)))
  call('HSET', live .. ':outbox', redis.call('HGETALL', ahead .. ':outbox'))
  if redis.call('HLEN', live .. ':outbox') > 0 then
    redis.call('RENAME', live .. ':outbox', ahead .. ':outbox')
  end
  redis.call('HSET', newMetaKey, 'code', request.code, 'codeFrom', request.codeFrom, 'rebuild', request.rebuild)
  names = partsOf(ahead)
  names[#names + 1] = 'meta'
  names[#names + 1] = 'outbox'
end

removeState(live)
for _, name in ipairs(names) do
  if redis.call('EXISTS', ahead .. ':' .. name) == 1 then
    redis.call('RENAME', ahead .. ':' .. name, live .. ':' .. name)
  end
end
removeRebuild(live)
local epoch = (meta.epoch or 0) + 1
redis.call('HSET', metaKey, 'epoch', epoch)
return epoch
