--[[
  Prepended to the scripts about the next generation of a partition state: new contents that are built separately until they replace
  the live state.

  {stateKey}:next         hash: purpose (`kind`) and number (`attempt`) of the build; `token` of the attempt until the generation is
                          complete; number of `fields` that were added; and `key:<name>` for each key
  {stateKey}:next:<name>  keys of the generation, which the switch renames to {stateKey}:<name>
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

-- Returns true if the server still has everything that was added.
local function isWhole(stateKey)
  local fields = 0
  for _, name in ipairs(namesIn(stateKey)) do
    fields = fields + countIn(stateKey, name)
  end
  return fields == tonumber(redis.call('HGET', stateKey .. ':next', 'fields'))
end

-- Removes the generation, including keys that commits have added after it was built.
local function removeGeneration(stateKey)
  removeState(stateKey .. ':next')
  for _, name in ipairs(namesIn(stateKey)) do
    redis.call('UNLINK', stateKey .. ':next:' .. name)
  end
  redis.call('DEL', stateKey .. ':next')
end
