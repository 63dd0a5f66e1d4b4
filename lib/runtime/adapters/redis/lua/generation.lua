--[[
  Prepended to the scripts that build new contents of a partition state beside it, its next generation, and switch over.

  {stateKey}:next         hash: `token` of the attempt that builds, `fields` that were added so far, and `key:<name>` for each key
  {stateKey}:next:<name>  its keys; each becomes {stateKey}:<name>
]]
local function namesIn(stateKey)
  local names = {}
  for _, field in ipairs(redis.call('HKEYS', stateKey .. ':next')) do
    names[#names + 1] = string.match(field, '^key:(.+)')
  end
  return names
end

local function isOwn(stateKey, token)
  return redis.call('HGET', stateKey .. ':next', 'token') == token
end

local function removeGeneration(stateKey)
  for _, name in ipairs(namesIn(stateKey)) do
    redis.call('UNLINK', stateKey .. ':next:' .. name)
  end
  redis.call('DEL', stateKey .. ':next')
end
