--[[
  Writes what a wave changed into its slot, all or nothing, if the slot still has the version that it was computed from.

  KEYS[1]  {slot}:meta    hash: epoch, mark, clock, last, highest, oldest, counters
  KEYS[2]  {slot}:states  hash: entity -> state, JSON
  KEYS[3]  {slot}:outbox  hash: position -> event, JSON
  KEYS[4]  {slot}:ids     prefix of the id hashes, {slot}:ids:<generation>:<shard>; same hash tag, so same slot

  ARGV[1]  epoch of the version
  ARGV[2]  mark of the version, -1 where nothing was decided
  ARGV[3]  the new mark
  ARGV[4]  log clock, milliseconds
  ARGV[5]  append time of the record at the new mark, milliseconds since the epoch
  ARGV[6]  highest append time so far, likewise
  ARGV[7]  milliseconds of log time for which an id must be known
  ARGV[8]  milliseconds of a generation of ids
  ARGV[9]  ids: id (12 bytes), digest (8), log clock (6); they go into the generation of their clock
  ARGV[10] states: entity and state in turn, each with its length (4 bytes) before it; an empty state forgets the entity
  ARGV[11] outbox: position and event in turn, likewise
  ARGV[12] counters: name and how much to add in turn, likewise

  Returns  1 committed, 0 refused
]]
local SHARDS = 256

local version = redis.call('HMGET', KEYS[1], 'epoch', 'mark', 'oldest')
if (version[1] or '0') ~= ARGV[1] or (version[2] or '-1') ~= ARGV[2] then
  return 0
end

local function pairsOf(packed)
  local at = 1
  return function()
    if at > #packed then return nil end
    local first, second
    first, second, at = struct.unpack('>I4c0I4c0', packed, at)
    return first, second
  end
end

for entity, state in pairsOf(ARGV[10]) do
  if state == '' then
    redis.call('HDEL', KEYS[2], entity)
  else
    redis.call('HSET', KEYS[2], entity, state)
  end
end
for position, event in pairsOf(ARGV[11]) do
  redis.call('HSET', KEYS[3], position, event)
end
for name, count in pairsOf(ARGV[12]) do
  redis.call('HINCRBY', KEYS[1], name, count)
end

-- Ids go by generation, so that whole hashes leave at once, and by their first byte, so that each stays small enough to
-- be kept compact.
local length = tonumber(ARGV[8])
for at = 1, #ARGV[9], 26 do
  local id, value = string.sub(ARGV[9], at, at + 11), string.sub(ARGV[9], at + 12, at + 25)
  local high, low = struct.unpack('>I2I4', value, 9)
  local generation = math.floor((high * 4294967296 + low) / length)
  redis.call('HSET', KEYS[4] .. ':' .. generation .. ':' .. string.byte(id), id, value)
end
local keep = math.max(0, math.floor((tonumber(ARGV[4]) - tonumber(ARGV[7])) / length))
for generation = tonumber(version[3] or keep), keep - 1 do
  for shard = 0, SHARDS - 1 do
    redis.call('UNLINK', KEYS[4] .. ':' .. generation .. ':' .. shard)
  end
end

redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'mark', ARGV[3], 'clock', ARGV[4], 'last', ARGV[5], 'highest', ARGV[6], 'oldest', keep)
return 1
