--[[
  Replaces the contents of a partition state with staged ones, all or nothing, and raises the epoch. A commit that was computed from
  the old contents is then refused, even if the new contents have the same applied offset.

  Under a fence, the staged contents continue the state: unpublished entries of the old contents stay in the outbox, and the counters
  continue from the old values, except for the counters of held entities and parked events.

  KEYS[1]  {stateKey}: prefix of the keys of the state

  ARGV[1]  the request, a map in MessagePack:
    token     token of the staged contents
    above     lower bound for the new epoch, exclusive
    base      required version of the state; nil for any version
    attempt   number of the run, if the contents continue the state; its fence must be of this run or of an earlier one
    code      code that must have made the last commit of the state, and that has computed the contents; nil without a fence
    codeFrom  first offset from which this code has decided all records of the contents; nil without a fence

  Returns  { new epoch, replaced applied offset }, or "moved" if the version or the fence differs, or "overtaken" if another run has
           begun to stage contents, or "incomplete" if the server has lost a part of them, or
           "other-code"
]]
local live, ahead = KEYS[1], KEYS[1] .. ':staged'
local metaKey, newMetaKey = live .. ':meta', ahead .. ':meta'
local request = cmsgpack.unpack(ARGV[1])
local meta = readMeta(metaKey)
if not isOwn(live, request.token) or not redis.call('HGET', ahead, 'whole') then
  return 'overtaken'
end
local new = readMeta(newMetaKey)
local fence = meta.fence
local isFenced = fence and fence.why == 'reprocessing' and request.attempt and fence.attempt <= request.attempt
local isEvicted = not new.appliedOffset
  or evictedPart(new, ahead .. ':states', ahead .. ':timers', ahead .. ':due', ahead .. ':ids')
local refused = (request.attempt and not isFenced or request.base and not isAt(meta, request.base)) and 'moved'
  or isEvicted and 'incomplete'
  or request.code and redis.call('HGET', metaKey, 'code') ~= request.code and 'other-code'
if refused then
  removeStaged(live)
  return refused
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

if request.attempt then
  local _, replaced = countersOf(newMetaKey)
  call('HDEL', newMetaKey, replaced)
  call('HSET', newMetaKey, (countersOf(metaKey)))
  call('HSET', live .. ':outbox', redis.call('HGETALL', ahead .. ':outbox'))
  if redis.call('HLEN', live .. ':outbox') > 0 then
    redis.call('RENAME', live .. ':outbox', ahead .. ':outbox')
  end
  redis.call('HSET', newMetaKey, 'code', request.code, 'codeFrom', request.codeFrom)
end

local names = namesIn(live)
names[#names + 1] = 'outbox'
removeState(live)
for _, name in ipairs(names) do
  if countIn(live, name) > 0 then
    redis.call('RENAME', ahead .. ':' .. name, live .. ':' .. name)
  end
end
local epoch = math.max(meta.epoch or 0, request.above) + 1
redis.call('HSET', metaKey, 'epoch', epoch)
removeStaged(live)
return { epoch, meta.appliedOffset or -1 }
