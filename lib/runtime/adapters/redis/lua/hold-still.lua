--[[
  Makes a copy of a partition state as it is now, with its outbox, unless there is one that is not stale. Commits go on beside it.

  KEYS[1]  prefix of the partition state's keys
  KEYS[2]  prefix of the copy's keys; same hash tag

  ARGV[1]  the request, a map in MessagePack:
    plain          the last parts of the keys that are one each, apart from meta and the outbox
    token          marks this copy: only who made it removes it, and who reads it sees that no other has taken its place
    nowMs          milliseconds since the epoch
    staleBeforeMs  a copy that was made before this is replaced

  Returns  'held', 'absent' if there is no state, or 'other-run' if there is another copy
]]
local from, to = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local other, madeAtMs = unpack(redis.call('HMGET', to .. ':meta', 'token', 'madeAtMs'))
if other and tonumber(madeAtMs or 0) >= request.staleBeforeMs then
  return 'other-run'
end
local names, meta = partsOf(from, request.plain)
if (meta.epoch or 0) == 0 and (meta.appliedOffset or -1) < 0 then
  return 'absent'
end
names[#names + 1] = 'outbox'
local function mark()
  redis.call('HSET', to .. ':meta', 'token', request.token, 'madeAtMs', string.format('%.0f', request.nowMs))
end
-- A server whose memory is full refuses only the first write of a script, and not if that removes something.
mark()
removeState(to, request.plain)
-- First: by it, what an interrupted copy has left is found.
redis.call('COPY', from .. ':meta', to .. ':meta')
mark()
for _, name in ipairs(names) do
  redis.call('COPY', from .. ':' .. name, to .. ':' .. name)
end
return 'held'
