--[[
  Begins the rebuild of a partition state beside the live one or continues it, describes it, or removes it. Its keys are
  {stateKey}:staged:<name>, which the replacement renames to {stateKey}:<name>. The hash {stateKey}:staged has its description in the
  field `rebuild`.

  KEYS[1]  {stateKey}: prefix of the keys of the state

  ARGV[1]  the request, a map in MessagePack:
    act      "begin", "describe" or "remove"
    rebuild  description, text
    nowMs    current time, milliseconds since the epoch
    run      number of the run that describes it

  Returns  for "begin" { number of this run, which becomes the epoch of the rebuild, 1 if it continues }; for the others 1, or 0 if
           another run works on it, or if there was none to remove
]]
local live, ahead = KEYS[1], KEYS[1] .. ':staged'
local request = cmsgpack.unpack(ARGV[1])
local meta = readMeta(ahead .. ':meta')

if request.act == 'remove' then
  local isThere = redis.call('EXISTS', ahead, ahead .. ':meta') > 0
  removeRebuild(live)
  return isThere and 1 or 0
end

if request.act == 'describe' then
  if meta.epoch ~= request.run then
    return 0
  end
  redis.call('HSET', ahead, 'rebuild', request.rebuild)
  return 1
end

local continues = redis.call('HGET', ahead, 'rebuild') == request.rebuild
  and meta.epoch
  and not evictedPart(meta, ahead .. ':states', ahead .. ':timers', ahead .. ':due', ahead .. ':ids')
if not continues then
  removeRebuild(live)
end
local run = math.max(request.nowMs, (meta.epoch or 0) + 1)
redis.call('HSET', ahead .. ':meta', 'epoch', run)
return { run, continues and 1 or 0 }
