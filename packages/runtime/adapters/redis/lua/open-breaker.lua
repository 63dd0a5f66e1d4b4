--[[
  Opens the circuit breaker of a consumer for a version of its code, unless it has opened for that version before.

  KEYS[1]  the breaker, hash: version, since
  ARGV[1]  version of the code
  ARGV[2]  current time, milliseconds since the epoch

  Returns  time when the breaker opened
]]
local breaker = redis.call('HMGET', KEYS[1], 'version', 'since')
if breaker[1] == ARGV[1] then
  return breaker[2]
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'since', ARGV[2])
return ARGV[2]
