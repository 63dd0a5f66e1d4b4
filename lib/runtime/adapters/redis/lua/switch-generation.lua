--[[
  Replaces the contents of a partition state with the new ones, all or nothing, and raises the epoch: a commit that was computed
  from the old contents is refused, even if the new ones have the same applied offset.

  KEYS[1]  {stateKey}: prefix of its keys

  ARGV[1]  the request, a map in MessagePack:
    token  token of this attempt
    epoch  the epoch that the new contents had
    base   the version that the state must have: epoch, applied offset and fired; nil if any will do, unless the topic is
           growing

  Returns  { epoch now, applied offset replaced }, or "overtaken" if a later attempt has begun, or "incomplete" if the
           server has lost some of the new contents, or "moved" if the version is a different one, or "growing" if the
           topic is growing and no version was named
]]
local live = KEYS[1]
local metaKey = live .. ':meta'
local request = cmsgpack.unpack(ARGV[1])
if not isOwn(live, request.token) then
  return 'overtaken'
end
local meta = readMeta(metaKey)
local refused = request.base and not isAt(meta, request.base) and 'moved'
  or meta.fence and meta.fence.why == 'topic-growing' and not request.base and 'growing'
if refused then
  removeGeneration(live)
  return refused
end
local fields, present = 0, {}
for _, name in ipairs(namesIn(live)) do
  local count = redis.call(name == 'due' and 'ZCARD' or 'HLEN', live .. ':next:' .. name)
  fields = fields + count
  -- All that was added under a name may have been removed again.
  if count > 0 then
    present[#present + 1] = name
  end
end
if fields ~= tonumber(redis.call('HGET', live .. ':next', 'fields')) then
  return 'incomplete'
end

local growths = redis.call('HGET', metaKey, 'growths')
removeState(live)
for _, name in ipairs(present) do
  redis.call('RENAME', live .. ':next:' .. name, live .. ':' .. name)
end
local epoch = math.max(meta.epoch or 0, request.epoch) + 1
redis.call('HSET', metaKey, 'epoch', epoch)
-- Contents from before the topic grew, or none at all, do not undo that it did: emissions would count as older ones.
if meta.generation and meta.generation > (readMeta(metaKey).generation or 0) then
  redis.call('HSET', metaKey, 'generation', meta.generation, 'partitions', meta.partitions)
  call('HSET', metaKey, growths and { 'growths', growths } or {})
end
redis.call('DEL', live .. ':next')
return { epoch, meta.appliedOffset or -1 }
