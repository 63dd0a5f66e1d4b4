--[[
  Moves a cursor forward. A cursor that is already ahead is not changed.

  KEYS[1]  the cursor, an integer
  ARGV[1]  new value; ignored unless it is higher than the current value

  Returns  1 if the cursor was moved, otherwise 0
]]
if tonumber(redis.call('GET', KEYS[1]) or '-inf') >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
