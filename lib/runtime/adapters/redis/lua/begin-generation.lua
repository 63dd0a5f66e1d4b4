--[[
  Begins to build new contents of a partition state. This removes what an earlier attempt has built; if that attempt still runs, it
  is refused from now on.

  KEYS[1]  {stateKey}: prefix of its keys

  ARGV[1]  token of this attempt
]]
removeGeneration(KEYS[1])
redis.call('HSET', KEYS[1] .. ':next', 'token', ARGV[1])
return 1
