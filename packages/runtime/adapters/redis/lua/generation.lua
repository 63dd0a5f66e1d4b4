--[[
  Prepended to the scripts that build new contents of a partition state beside it, its next generation, and switch over.

  {stateKey}:next         hash, until they are whole: `token` of the attempt that builds, `fields` that were added so far, and
                          `key:<name>` for each key
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

-- The names of the keys that have anything; nil if the server has lost some of what was added.
local function wholeNamesIn(stateKey)
  local fields, present = 0, {}
  for _, name in ipairs(namesIn(stateKey)) do
    local count = countIn(stateKey, name)
    fields = fields + count
    -- All that was added under a name may have been removed again.
    if count > 0 then
      present[#present + 1] = name
    end
  end
  return fields == tonumber(redis.call('HGET', stateKey .. ':next', 'fields')) and present or nil
end

-- Removes it while it is built, and afterwards, when commits may have added keys.
local function removeGeneration(stateKey)
  removeState(stateKey .. ':next')
  for _, name in ipairs(namesIn(stateKey)) do
    redis.call('UNLINK', stateKey .. ':next:' .. name)
  end
  redis.call('DEL', stateKey .. ':next')
end
