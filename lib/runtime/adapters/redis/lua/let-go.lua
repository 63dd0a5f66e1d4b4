--[[
  Removes the copy of a partition state that `hold-still.lua` has made, if it is the one that is meant.

  KEYS[1]  prefix of the copy's keys

  ARGV[1]  the request, a map in MessagePack:
    plain         the last parts of the keys that are one each, apart from meta and the outbox
    token         the copy with this token is meant
    madeBeforeMs  without a token: one that was made before this is meant, in milliseconds since the epoch

  Returns  1 if it was removed, else 0
]]
local prefix = KEYS[1]
local request = cmsgpack.unpack(ARGV[1])
local token, madeAtMs = unpack(redis.call('HMGET', prefix .. ':meta', 'token', 'madeAtMs'))
local isMeant
if request.token then
  isMeant = token == request.token
else
  isMeant = token and tonumber(madeAtMs or 0) < request.madeBeforeMs
end
if not isMeant then
  return 0
end
removeState(prefix, request.plain)
return 1
