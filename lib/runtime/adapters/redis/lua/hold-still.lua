--[[
  Makes a copy of a partition state as it is now, with its outbox, unless there is one that is not stale. Commits go on beside it.

  KEYS[1]  prefix of the partition state's keys
  KEYS[2]  prefix of the copy's keys; same hash tag

  ARGV[1]  the request, a map in MessagePack:
    plain          the last parts of the keys that are one each, apart from meta and the outbox
    token          marks this copy: only who made it removes it, and who reads it sees that no other has taken its place
    nowMs          milliseconds since the epoch
    staleBeforeMs  a copy that was made before this is replaced

  Returns  'held', 'absent' if there is no state, 'other-run' if there is another copy, or 'no-room' if less than a tenth of the
           server's memory would be left
]]
local USABLE = 0.9
-- The estimate of a size: how many fields are looked at in each key, and what a server needs at most for one beside its bytes.
local SAMPLE, FIELD_BYTES = 20, 80

local function bytesOf(count, sample, fieldsIn)
  local bytes = 0
  for _, text in ipairs(sample) do
    bytes = bytes + #text
  end
  return count == 0 and 0 or count * (FIELD_BYTES + bytes * fieldsIn / #sample)
end

-- Roughly, how many bytes these keys take.
local function sizeOf(prefix, names)
  local sum = 0
  for _, name in ipairs(names) do
    local key = prefix .. ':' .. name
    if name == 'due' then
      sum = sum + bytesOf(redis.call('ZCARD', key), redis.call('ZRANGE', key, 0, SAMPLE - 1), 1)
    else
      sum = sum + bytesOf(redis.call('HLEN', key), redis.call('HRANDFIELD', key, SAMPLE, 'WITHVALUES'), 2)
    end
  end
  return sum
end

-- How many bytes the server may still use; nil if it has no limit, or does not tell.
local function roomLeft()
  local info = redis.pcall('INFO', 'memory')
  if type(info) ~= 'string' then
    return nil
  end
  local limit, used = string.match(info, 'maxmemory:(%d+)'), string.match(info, 'used_memory:(%d+)')
  if not (limit and used) or tonumber(limit) == 0 then
    return nil
  end
  return tonumber(limit) * USABLE - tonumber(used)
end

local from, to = unpack(KEYS)
local request = cmsgpack.unpack(ARGV[1])
local other, madeAtMs = unpack(redis.call('HMGET', to .. ':meta', 'token', 'madeAtMs'))
if other == request.token then
  -- The same request, sent again because its answer was lost.
  return 'held'
end
if other and tonumber(madeAtMs or 0) >= request.staleBeforeMs then
  return 'other-run'
end
local names, meta = partsOf(from, request.plain)
if (meta.epoch or 0) == 0 and (meta.appliedOffset or -1) < 0 then
  return 'absent'
end
names[#names + 1] = 'outbox'
local room = roomLeft()
if room and sizeOf(from, names) > room then
  return 'no-room'
end
local function mark()
  redis.call('HSET', to .. ':meta', 'token', request.token, 'madeAtMs', string.format('%.0f', request.nowMs))
end
-- A server whose memory is full refuses only the first write of a script, and not if that removes something.
mark()
removeState(to, request.plain)
-- First: by it, what an interrupted copy has left is found.
redis.call('COPY', from .. ':meta', to .. ':meta')
mark()
for _, name in ipairs(names) do
  redis.call('COPY', from .. ':' .. name, to .. ':' .. name)
end
return 'held'
