--[[
  Moves a cursor forward; one that is further already stays where it is.

  KEYS[1]  the cursor: a whole number
  ARGV[1]  where it should be at least

  Returns  1 moved, 0 was there already
]]
if tonumber(redis.call('GET', KEYS[1]) or '-inf') >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
