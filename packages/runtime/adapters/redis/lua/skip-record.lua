--[[
  Marks a record as skipped, unless it is decided already. A script is needed because the consumer could apply the record between
  two commands.

  KEYS[1]  {stateKey}:meta
  KEYS[2]  {stateKey}:skipped
  ARGV[1]  offset
  ARGV[2]  digest of the record

  Returns  1 if the record was marked, 0 if it is at or below the applied offset
]]
if tonumber(ARGV[1]) <= tonumber(redis.call('HGET', KEYS[1], 'appliedOffset') or -1) then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
