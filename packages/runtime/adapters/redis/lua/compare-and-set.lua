--[[
  Writes a value unless it has changed since the caller read it. Used for values that commands and scheduled functions share,
  and for the cursors of forwarders.

  KEYS[1]  the value, a text
  ARGV[1]  value that the caller has read; empty if there was no value
  ARGV[2]  new value

  Returns  1 if written, 0 if the value has changed
]]
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
