--[[
  Replaces the contents of a partition state with the staged ones, all or nothing, and raises the epoch: a commit that was
  computed from the old contents is refused, even if the new ones have the same applied offset.

  KEYS[1-8]  meta, states, timers, due, outbox, ids, failures, context: see `keys.ts`
  KEYS[9]    {stateKey}:staging:token  string: token of the attempt that is staging
  KEYS[10]   {stateKey}:staging:names  set: the last parts of the staged keys
  KEYS[11]   {stateKey}:staged         prefix of those keys, {stateKey}:staged:<name>; same hash tag
  KEYS[12]   {stateKey}                prefix that replaces it; same hash tag

  ARGV[1]  the request, a map in MessagePack:
    token       token of this attempt
    fieldCount  number of fields that must have been staged
    epoch       the epoch that the new contents had
    base        the version that the state must have: epoch, applied offset and fired; nil if any will do, unless the topic is
                growing

  Returns  { epoch now, applied offset replaced }, or "overtaken" if a later attempt has begun, or "incomplete" if the
           server has lost some of the staged contents, or "moved" if the version is a different one, or "growing" if the
           topic is growing and no version was named
]]
local metaKey, statesKey, timersKey, dueKey, outboxKey, idsKey, failuresKey, contextKey = unpack(KEYS)
local tokenKey, namesKey, stagedKey, stateKey = unpack(KEYS, 9)
local request = cmsgpack.unpack(ARGV[1])
if redis.call('GET', tokenKey) ~= request.token then
  return 'overtaken'
end
local names = redis.call('SMEMBERS', namesKey)
local meta = readMeta(metaKey)
local refused = request.base and not isAt(meta, request.base) and 'moved'
  or meta.fence and meta.fence.why == 'topic-growing' and not request.base and 'growing'
if refused then
  for _, name in ipairs(names) do
    redis.call('UNLINK', stagedKey .. ':' .. name)
  end
  redis.call('DEL', tokenKey, namesKey)
  return refused
end
local fields, present = 0, {}
for _, name in ipairs(names) do
  local count = redis.call(name == 'due' and 'ZCARD' or 'HLEN', stagedKey .. ':' .. name)
  fields = fields + count
  -- All that was staged under a name may have been removed again.
  if count > 0 then
    present[#present + 1] = name
  end
end
if fields ~= request.fieldCount then
  return 'incomplete'
end

local growths = redis.call('HGET', metaKey, 'growths')
local newest = generationAt(meta.clock or 0)
for generation = meta.oldest or newest, newest do
  redis.call('UNLINK', idKeys(idsKey, generation))
end
local groups = redis.call('HGETALL', failuresKey)
for at = 1, #groups, 2 do
  local group = groupOf(groups[at + 1])
  for generation = group.first, group.last do
    redis.call('UNLINK', failureKey(failuresKey, groups[at], generation))
  end
end
redis.call('UNLINK', metaKey, statesKey, timersKey, dueKey, outboxKey, failuresKey, contextKey)

for _, name in ipairs(present) do
  redis.call('RENAME', stagedKey .. ':' .. name, stateKey .. ':' .. name)
end
local epoch = math.max(meta.epoch or 0, request.epoch) + 1
redis.call('HSET', metaKey, 'epoch', epoch)
-- Contents from before the topic grew, or none at all, do not undo that it did: emissions would count as older ones.
if meta.generation and meta.generation > (readMeta(metaKey).generation or 0) then
  redis.call('HSET', metaKey, 'generation', meta.generation, 'partitions', meta.partitions)
  call('HSET', metaKey, growths and { 'growths', growths } or {})
end
redis.call('DEL', tokenKey, namesKey)
return { epoch, meta.appliedOffset or -1 }
