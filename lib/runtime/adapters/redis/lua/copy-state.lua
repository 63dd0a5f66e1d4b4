--[[
  Makes a copy of a partition state as it is now, without its outbox, in place of an earlier copy. It copies whole hashes inside the
  server, which takes milliseconds for tens of thousands of entities.

  KEYS[1]  prefix of the partition state's keys
  KEYS[2]  prefix of the copy's keys; same hash tag

  ARGV[1]  the request, a map in MessagePack:
    plain  the last parts of the keys that are one each, apart from meta and the outbox

  Returns  { epoch, applied offset, fired } of the state
]]
local from, to = unpack(KEYS)
local plain = cmsgpack.unpack(ARGV[1]).plain
removeState(to, plain)
local names, meta = partsOf(from, plain)
names[#names + 1] = 'meta'
for _, name in ipairs(names) do
  redis.call('COPY', from .. ':' .. name, to .. ':' .. name)
end
return { meta.epoch or 0, meta.appliedOffset or -1, meta.fired or 0 }
