--[[
  Prepended to `load.lua` and `commit.lua`: finds out whether the server has evicted a part of the partition state. A server
  evicts whole keys silently, so each commit stores the number of fields in meta.

  keys    KEYS of those scripts
  length  length of a generation of ids, milliseconds

  Returns  meta, states, timers or ids if that part is not as the last commit left it; nil if nothing is missing, or if the
           partition state was stored before fields were counted
]]
local function idFields(prefix, oldest, newest)
  local count = 0
  for generation = oldest, newest do
    local key = prefix .. ':' .. generation
    count = count + redis.call('HLEN', key) + redis.call('HLEN', key .. ':more')
  end
  return count
end

local function evictedPart(keys, length)
  local left = redis.call('HMGET', keys[1], 'appliedOffset', 'states', 'timers', 'ids', 'oldest', 'clock')
  if left[1] and not left[2] then
    return nil
  end
  if redis.call('HLEN', keys[2]) ~= tonumber(left[2] or 0) then
    return left[1] and 'states' or 'meta'
  end
  local timers = tonumber(left[3] or 0)
  if redis.call('HLEN', keys[3]) ~= timers or redis.call('ZCARD', keys[4]) ~= timers then
    return left[1] and 'timers' or 'meta'
  end
  local newest = math.floor(tonumber(left[6] or 0) / length)
  if left[4] and idFields(keys[6], tonumber(left[5]), newest) ~= tonumber(left[4]) then
    return 'ids'
  end
  return nil
end
