--[[
  Prepended to the scripts that copy, remove or replace whole partition states by the prefix of their keys.

  prefix  common beginning of all keys of a partition state, without the colon
]]

-- Returns two values: the last parts of all keys of a partition state, except for meta and the outbox; and the fields of meta by
-- name.
local function partsOf(prefix)
  local names, meta = {}, readMeta(prefix .. ':meta')
  for _, name in ipairs(LAYOUT.plain) do
    names[#names + 1] = name
  end
  local newest = generationAt(meta.clock or 0)
  for generation = meta.oldest or newest, newest do
    local key, more = idKeys('ids', generation)
    names[#names + 1] = key
    names[#names + 1] = more
  end
  local groups = redis.call('HGETALL', prefix .. ':failures')
  for at = 1, #groups, 2 do
    local group = groupOf(groups[at + 1])
    for generation = group.first, group.last do
      names[#names + 1] = failureKey('failures', groups[at], generation)
    end
  end
  return names, meta
end

local function removeState(prefix)
  for _, name in ipairs((partsOf(prefix))) do
    redis.call('UNLINK', prefix .. ':' .. name)
  end
  redis.call('UNLINK', prefix .. ':meta', prefix .. ':outbox')
end

-- Removes the rebuild of a partition state.
local function removeRebuild(prefix)
  removeState(prefix .. ':staged')
  redis.call('UNLINK', prefix .. ':staged')
end
