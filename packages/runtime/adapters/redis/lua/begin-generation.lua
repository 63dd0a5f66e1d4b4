--[[
  Begins to build new contents of a partition state. This removes what an earlier attempt has built; if that attempt still runs, or
  works on what it has built, it is refused from now on.

  KEYS[1]  {stateKey}: prefix of its keys

  ARGV[1]  token of this attempt; empty if there is none, and what was built is only removed
]]
removeGeneration(KEYS[1])
if ARGV[1] ~= '' then
  redis.call('HSET', KEYS[1] .. ':next', 'token', ARGV[1])
end
return 1
