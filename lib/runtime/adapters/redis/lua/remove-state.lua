--[[
  Removes a copy of a partition state.

  KEYS[1]  prefix of the copy's keys

  ARGV[1]  the request, a map in MessagePack:
    plain  the last parts of the keys that are one each, apart from meta and the outbox

  Returns  1
]]
removeState(KEYS[1], cmsgpack.unpack(ARGV[1]).plain)
return 1
