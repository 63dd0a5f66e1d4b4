--[[
  Writes what a wave changed into its slot, all or nothing, if the slot still has the version that it was computed from.

  KEYS[1]  {slot}:meta      hash: epoch, mark, fired, emitted, clock, last, highest, oldest, oldestFailures, counters
  KEYS[2]  {slot}:states    hash: entity -> state, JSON
  KEYS[3]  {slot}:timers    hash: entity -> its timers, JSON
  KEYS[4]  {slot}:due       sorted set: entity, by the threshold of its first timer
  KEYS[5]  {slot}:outbox    hash: position -> event, JSON
  KEYS[6]  {slot}:ids       prefix of the id hashes, {slot}:ids:<generation>; same hash tag, so same slot
  KEYS[7]  {slot}:failures  prefix of the failure hashes, {slot}:failures:<generation>; likewise

  ARGV[1]  version: epoch, mark (-1 where nothing was decided) and fired, separated by spaces
  ARGV[2]  the new mark
  ARGV[3]  timers fired since the new mark
  ARGV[4]  events emitted since the new mark
  ARGV[5]  log clock, milliseconds
  ARGV[6]  append time of the record at the new mark, milliseconds since the epoch; empty before the first
  ARGV[7]  highest append time so far, likewise
  ARGV[8]  milliseconds of log time for which an id must be known
  ARGV[9]  milliseconds of a generation of ids
  ARGV[10] ids: generation, and a list of buckets and what goes to the front of each, in turn; a list in MessagePack
  ARGV[11] states: entity and state in turn, likewise; an empty state forgets the entity
  ARGV[12] timers: entity and timers in turn, likewise; empty timers are none
  ARGV[13] due: entity and threshold in turn, likewise; an empty threshold where the entity has no timer
  ARGV[14] outbox: position and event in turn, likewise
  ARGV[15] counters: name and how much to add in turn, likewise
  ARGV[16] milliseconds of a generation of failures
  ARGV[17] how many generations of failures are kept
  ARGV[18] failures: id and failure in turn, likewise; they go into the generation of the clock

  Returns  1 committed, 0 refused
]]
local version = redis.call('HMGET', KEYS[1], 'epoch', 'mark', 'fired', 'oldest', 'oldestFailures')
local present = (version[1] or '0') .. ' ' .. (version[2] or '-1') .. ' ' .. (version[3] or '0')
if present ~= ARGV[1] then
  return 0
end

local function pairsOf(packed)
  local list, at = cmsgpack.unpack(packed), -1
  return function()
    at = at + 2
    return list[at], list[at + 1]
  end
end

-- One call for many: a call costs the server more than what it does for a field. Lua hands over some thousand at most.
local AT_ONCE = 1000
local function call(command, key, arguments)
  for at = 1, #arguments, AT_ONCE do
    redis.call(command, key, unpack(arguments, at, math.min(at + AT_ONCE - 1, #arguments)))
  end
end

local function write(key, packed)
  local kept, gone = {}, {}
  for field, value in pairsOf(packed) do
    if value == '' then
      gone[#gone + 1] = field
    else
      kept[#kept + 1] = field
      kept[#kept + 1] = value
    end
  end
  call('HSET', key, kept)
  call('HDEL', key, gone)
end

write(KEYS[2], ARGV[11])
write(KEYS[3], ARGV[12])
local due, idle = {}, {}
for entity, threshold in pairsOf(ARGV[13]) do
  if threshold == '' then
    idle[#idle + 1] = entity
  else
    due[#due + 1] = threshold
    due[#due + 1] = entity
  end
end
call('ZADD', KEYS[4], due)
call('ZREM', KEYS[4], idle)
write(KEYS[5], ARGV[14])
for name, count in pairsOf(ARGV[15]) do
  redis.call('HINCRBY', KEYS[1], name, count)
end

-- Ids go by generation, so that a whole hash leaves at once, and in it by their first two bytes: what is known of the
-- ids that share those is one value, the newest in front.
local lowest
for generation, buckets in pairsOf(ARGV[10]) do
  lowest = math.min(lowest or tonumber(generation), tonumber(generation))
  local key, names = KEYS[6] .. ':' .. generation, {}
  for at = 1, #buckets, 2 do
    names[#names + 1] = buckets[at]
  end
  for number, before in ipairs(redis.call('HMGET', key, unpack(names))) do
    if before then
      buckets[2 * number] = buckets[2 * number] .. before
    end
  end
  call('HSET', key, buckets)
end
local keep = math.max(0, math.floor((tonumber(ARGV[5]) - tonumber(ARGV[8])) / tonumber(ARGV[9])))
-- A slot's first commit can already hold ids that are too old to be kept.
for generation = tonumber(version[4] or lowest or keep), keep - 1 do
  redis.call('UNLINK', KEYS[6] .. ':' .. generation)
end

-- Failures are few, and kept for weeks.
local day = math.floor(tonumber(ARGV[5]) / tonumber(ARGV[16]))
write(KEYS[7] .. ':' .. day, ARGV[18])
local keepFailures = math.max(0, day - tonumber(ARGV[17]))
for generation = tonumber(version[5] or keepFailures), keepFailures - 1 do
  redis.call('UNLINK', KEYS[7] .. ':' .. generation)
end

redis.call('HSET', KEYS[1], 'epoch', version[1] or '0', 'mark', ARGV[2], 'fired', ARGV[3], 'emitted', ARGV[4],
  'clock', ARGV[5], 'oldest', keep, 'oldestFailures', keepFailures)
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[1], 'last', ARGV[6], 'highest', ARGV[7])
end
return 1
