--[[
  Removes a copy of a partition state.

  KEYS[1]  prefix of the copy's keys

  Returns  1
]]
removeState(KEYS[1])
return 1
