--[[
  Prepended to the scripts about new contents of a partition state, which are built beside it, its next generation, until they take
  its place.

  {stateKey}:next         hash: what it is built for (`kind`), and which `attempt` of that builds it; `token` of the attempt until it is
                          whole; `fields` that were added, and `key:<name>` for each key
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

local function countIn(stateKey, name)
  return redis.call(name == 'due' and 'ZCARD' or 'HLEN', stateKey .. ':next:' .. name)
end

-- Whether the server still has all that was added.
local function isWhole(stateKey)
  local fields = 0
  for _, name in ipairs(namesIn(stateKey)) do
    fields = fields + countIn(stateKey, name)
  end
  return fields == tonumber(redis.call('HGET', stateKey .. ':next', 'fields'))
end

-- Removes it while it is built, and afterwards, when commits may have added keys.
local function removeGeneration(stateKey)
  removeState(stateKey .. ':next')
  for _, name in ipairs(namesIn(stateKey)) do
    redis.call('UNLINK', stateKey .. ':next:' .. name)
  end
  redis.call('DEL', stateKey .. ':next')
end
