--[[
  Begins, ends or removes staged contents of a partition state. Whoever has begun before is rejected from then on.

  KEYS[1]  {stateKey}: prefix of the keys of the state

  ARGV[1]  the request, a map in MessagePack:
    act    "begin", "end" or "remove"
    token  token of the run that stages the contents; nil to remove those of any run

  Returns  1; "overtaken" if another run has begun since; "incomplete" if the server has lost a part
]]
local stagedKey, metaKey = KEYS[1] .. ':staged', KEYS[1] .. ':staged:meta'
local request = cmsgpack.unpack(ARGV[1])

if request.token and request.act ~= 'begin' and not isOwn(KEYS[1], request.token) then
  return 'overtaken'
end

if request.act ~= 'end' then
  removeStaged(KEYS[1])
  if request.act == 'begin' then
    redis.call('HSET', stagedKey, 'token', request.token)
  end
  return 1
end

if not isWhole(KEYS[1]) then
  return 'incomplete'
end
-- Store the numbers of fields, so that evictions are detected from now on, as in any partition state.
local meta = readMeta(metaKey)
local states = redis.call('HLEN', stagedKey .. ':states')
local timers = redis.call('HLEN', stagedKey .. ':timers')
local ids = countIds(stagedKey .. ':ids', meta.oldest, generationAt(meta.clock or 0))
redis.call('HSET', metaKey, 'states', states, 'timers', timers, 'ids', ids)
redis.call('HSET', stagedKey, 'whole', 1)
return 1
