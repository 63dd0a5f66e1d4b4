--[[
  Returns what the server says of its memory. In a cluster, this is the node with the partition state.

  KEYS[1]  {stateKey}: prefix of the keys of the state
]]
return redis.call('INFO', 'memory')
