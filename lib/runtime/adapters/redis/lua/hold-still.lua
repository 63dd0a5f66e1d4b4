--[[
  Makes a copy of a partition state as it is now, with its outbox, in place of an earlier copy. Commits go on beside it.

  KEYS[1]  prefix of the partition state's keys
  KEYS[2]  prefix of the copy's keys; same hash tag

  ARGV[1]  the request, a map in MessagePack:
    plain  the last parts of the keys that are one each, apart from meta and the outbox
    token  marks this copy: who reads it sees by it that no other has taken its place

  Returns  1
]]
local from, to = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
-- A server whose memory is full refuses only the first write of a script, and not if that removes something.
redis.call('HSET', to .. ':meta', 'token', request.token)
removeState(to, request.plain)
-- First: by it, what an interrupted copy has left is found.
redis.call('COPY', from .. ':meta', to .. ':meta')
redis.call('HSET', to .. ':meta', 'token', request.token)
local names = partsOf(from, request.plain)
names[#names + 1] = 'outbox'
for _, name in ipairs(names) do
  redis.call('COPY', from .. ':' .. name, to .. ':' .. name)
end
return 1
