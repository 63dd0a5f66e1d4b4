--[[
  Prepended to the scripts about staged contents of a partition state: new contents that no consumer reads until they replace the live
  state. Contents that an interrupted run has left are removed by the next run.

  {stateKey}:staged         hash: `token` of the run; number of `fields` that were added; `key:<name>` for each key; and `whole`
                            once the contents are complete
  {stateKey}:staged:<name>  keys of the contents, which the replacement renames to {stateKey}:<name>
]]
local function namesIn(stateKey)
  local names = {}
  for _, field in ipairs(redis.call('HKEYS', stateKey .. ':staged')) do
    names[#names + 1] = string.match(field, '^key:(.+)')
  end
  return names
end

local function isOwn(stateKey, token)
  return redis.call('HGET', stateKey .. ':staged', 'token') == token
end

local function countIn(stateKey, name)
  return redis.call(name == 'due' and 'ZCARD' or 'HLEN', stateKey .. ':staged:' .. name)
end

-- Returns true if the server still has everything that was added.
local function isWhole(stateKey)
  local fields = 0
  for _, name in ipairs(namesIn(stateKey)) do
    fields = fields + countIn(stateKey, name)
  end
  return fields == tonumber(redis.call('HGET', stateKey .. ':staged', 'fields'))
end

local function removeStaged(stateKey)
  for _, name in ipairs(namesIn(stateKey)) do
    redis.call('UNLINK', stateKey .. ':staged:' .. name)
  end
  redis.call('DEL', stateKey .. ':staged')
end
