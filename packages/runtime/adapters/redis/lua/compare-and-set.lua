--[[
  Writes a value, if it still is what the caller has read: a value that commands and schedules share, or the cursor of a forwarder.

  KEYS[1]  the value: a text
  ARGV[1]  the value as it was read; empty if there was none
  ARGV[2]  the new value

  Returns  1 if written, 0 if another has written meanwhile
]]
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
