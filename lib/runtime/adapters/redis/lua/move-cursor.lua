--[[
  Moves a forwarder's cursor, if it is where the caller has read it: so of two invocations that forwarded the same records, one
  goes on.

  KEYS[1]  the cursor: the next offset to forward, and the offset and digest of the last record that was
  ARGV[1]  the cursor as it was read; empty if there was none
  ARGV[2]  the cursor as it will be

  Returns  1 if moved, 0 if another invocation has moved it
]]
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
