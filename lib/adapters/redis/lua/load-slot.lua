--[[
  Reads of one slot what a wave may touch.

  KEYS[1]  {slot}:meta      hash: epoch, mark, fired, emitted, clock, last, highest, oldest, oldestFailures, counters
  KEYS[2]  {slot}:states    hash: entity -> state, JSON
  KEYS[3]  {slot}:timers    hash: entity -> its timers, JSON
  KEYS[4]  {slot}:due       sorted set: entity, by the threshold of its first timer
  KEYS[5]  {slot}:outbox    hash: position -> event, JSON
  KEYS[6]  {slot}:ids       prefix of the id hashes, {slot}:ids:<generation>; same hash tag, so same slot
  KEYS[7]  {slot}:failures  prefix of the failure hashes, {slot}:failures:<generation>; likewise

  ARGV[1]  milliseconds of log time for which an id must be known
  ARGV[2]  milliseconds of a generation of ids
  ARGV[3]  ids, 12 bytes each
  ARGV[4]  append time of the wave's first record, milliseconds since the epoch
  ARGV[5]  by how much the rest of the wave moves the log's clock, milliseconds
  ARGV[6]  the most that one record can move it by, milliseconds
  ARGV[7]  of how many entities due timers are wanted at most
  ARGV[8]  milliseconds of a generation of failures
  ARGV[9]  how many generations of failures are kept
  ARGV[10] ids of failures, a list in MessagePack
  ARGV[11] entities, likewise

  Returns  { meta, due, states, timers, hits, failures, outbox, more }
           meta:     { epoch, mark, fired, emitted, clock, last, highest }
           due:      { entity, threshold, … } in the order in which their timers fire
           states, timers: of the wanted entities, then of the other due ones
           hits:     for each known id its number in ARGV[3], from 0 (2 bytes), digest (8) and log clock (6)
           failures: of each wanted one the JSON, or nil
           outbox:   { position, event, … }
           more:     1 where more timers are due than these
]]
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'mark', 'fired', 'emitted', 'clock', 'last', 'highest')
local clock = tonumber(meta[5] or 0)

-- What the log's clock shows at the end of the wave: no timer beyond that can fire in it.
local last, limit = tonumber(meta[6]), tonumber(ARGV[7])
local first = 0
if last then
  first = math.min(math.max(tonumber(ARGV[4]) - last, 0), tonumber(ARGV[6]))
end
local ending = '(' .. string.format('%.0f', clock + first + tonumber(ARGV[5]))
local due = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ending, 'WITHSCORES', 'LIMIT', 0, limit + 1)
local more = 0
if #due > 2 * limit then
  more = 1
  due[#due] = nil
  due[#due] = nil
end

local entities, isWanted = cmsgpack.unpack(ARGV[11]), {}
for _, entity in ipairs(entities) do
  isWanted[entity] = true
end
for at = 1, #due, 2 do
  if not isWanted[due[at]] then
    entities[#entities + 1] = due[at]
  end
end
local states, timers = {}, {}
if #entities > 0 then
  states = redis.call('HMGET', KEYS[2], unpack(entities))
  timers = redis.call('HMGET', KEYS[3], unpack(entities))
end

local window, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local newest = math.floor(clock / length)
local oldest = math.max(0, math.floor((clock - window) / length))

-- The newest that is known of an id, among those with the same first two bytes: see `commit-slot.lua`.
local find, sub = string.find, string.sub
local function newestIn(bucket, rest)
  local at = find(bucket, rest, 1, true)
  while at and at % 24 ~= 1 do
    at = find(bucket, rest, at + 1, true)
  end
  return at and sub(bucket, at + 10, at + 23)
end

local ids, buckets, found, hits = ARGV[3], {}, {}, {}
for at = 1, #ids, 12 do
  buckets[#buckets + 1] = sub(ids, at, at + 1)
end
for generation = newest, #buckets > 0 and oldest or newest + 1, -1 do
  for number, bucket in ipairs(redis.call('HMGET', KEYS[6] .. ':' .. generation, unpack(buckets))) do
    if bucket and not found[number] then
      local known = newestIn(bucket, sub(ids, number * 12 - 9, number * 12))
      if known then
        found[number] = true
        hits[#hits + 1] = struct.pack('>I2', number - 1) .. known
      end
    end
  end
end

local failures = {}
for number, id in ipairs(cmsgpack.unpack(ARGV[10])) do
  failures[number] = false
  local day = math.floor(clock / tonumber(ARGV[8]))
  for generation = day, math.max(0, day - tonumber(ARGV[9])), -1 do
    local value = redis.call('HGET', KEYS[7] .. ':' .. generation, id)
    if value then
      failures[number] = value
      break
    end
  end
end

return { meta, due, states, timers, table.concat(hits), failures, redis.call('HGETALL', KEYS[5]), more }
