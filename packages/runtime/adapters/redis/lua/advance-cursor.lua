--[[
  Moves a cursor forward. A cursor that is already further stays where it is.

  KEYS[1]  the cursor: an integer
  ARGV[1]  the lowest value that it should have

  Returns  1 if moved, 0 if it was already there
]]
if tonumber(redis.call('GET', KEYS[1]) or '-inf') >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
