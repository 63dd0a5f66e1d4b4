--[[
  Sets the builder of the next generation of a partition state. Earlier builders are rejected from then on.

  "begin" removes an existing generation.
  "claim" turns the generation into a state that accepts commits and that can be switched to. "drop" removes it, unless it has
  another purpose or belongs to a later attempt.

  KEYS[1]  {stateKey}: prefix of the keys of the state

  ARGV[1]  the request, a map in MessagePack:
    act      "begin", "claim" or "drop"
    kind     purpose of the generation
    attempt  number of the attempt
    token    token of the builder; nil to claim the generation of another builder
    nowMs    for a claim: current time, milliseconds since the epoch, because functions must not request the server's time

  Returns  1; for a claim, the new epoch, which is unique even if the generation was removed and built again. "overtaken" if
           refused; "incomplete" if the server has lost a part
]]
local generationKey, metaKey = KEYS[1] .. ':next', KEYS[1] .. ':next:meta'
local request = cmsgpack.unpack(ARGV[1])
local kind, attempt = unpack(redis.call('HMGET', generationKey, 'kind', 'attempt'))

if request.act == 'drop' then
  if not kind or kind == request.kind and tonumber(attempt) <= request.attempt then
    removeGeneration(KEYS[1])
  end
  return 1
end

if request.act == 'begin' then
  removeGeneration(KEYS[1])
  attempt = string.format('%.0f', request.attempt)
  redis.call('HSET', generationKey, 'kind', request.kind, 'attempt', attempt, 'token', request.token)
  return 1
end

local meta = readMeta(metaKey)
if kind ~= request.kind or request.token and not isOwn(KEYS[1], request.token) or not request.token and not meta.epoch then
  return 'overtaken'
end
if request.token then
  if not isWhole(KEYS[1]) then
    return 'incomplete'
  end
  redis.call('HDEL', generationKey, 'token')
  -- Store the numbers of fields, so that evictions are detected from now on, as in any partition state.
  local states = redis.call('HLEN', generationKey .. ':states')
  local timers = redis.call('HLEN', generationKey .. ':timers')
  local ids = countIds(generationKey .. ':ids', meta.oldest, generationAt(meta.clock or 0))
  redis.call('HSET', metaKey, 'states', states, 'timers', timers, 'ids', ids)
end
local epoch = math.max((meta.epoch or 0) + 1, request.nowMs)
redis.call('HSET', metaKey, 'epoch', string.format('%.0f', epoch))
return epoch
