--[[
  Reads the parts of a partition state that a chunk may need.

  KEYS[1]  {stateKey}:meta      hash: epoch, applied offset, fired, emitted, clock, last, highest, digest, oldest,
                            failureBytes, forgotten, states, timers, ids, counters
  KEYS[2]  {stateKey}:states    hash: entity -> state, JSON
  KEYS[3]  {stateKey}:timers    hash: entity -> its timers, JSON
  KEYS[4]  {stateKey}:due       sorted set: entity, by the threshold of its first timer
  KEYS[5]  {stateKey}:outbox    hash: position -> event, JSON
  KEYS[6]  {stateKey}:ids       prefix of the id hashes, {stateKey}:ids:<generation> and, behind full buckets, …:more; same tag
  KEYS[7]  {stateKey}:failures  hash: group of producers -> first and last generation, bytes, log clock at which the last began;
                            and prefix of these generations, {stateKey}:failures:<group>:<generation>; same hash tag
  KEYS[8]  {stateKey}:context   hash: hash and content of the partition's context

  ARGV[1]  milliseconds of log time for which ids are kept
  ARGV[2]  length of a generation of ids, milliseconds
  ARGV[3]  ids, 12 bytes each
  ARGV[4]  append time of the chunk's first record, milliseconds since the epoch
  ARGV[5]  how far the rest of the chunk advances the log's clock, milliseconds
  ARGV[6]  how far one record can advance it at most, milliseconds
  ARGV[7]  maximum number of entities whose due timers are returned
  ARGV[8]  failures: group of producers, and ids, 16 bytes each, in turn; a list in MessagePack
  ARGV[9]  entities, a list in MessagePack
  ARGV[10] upper bound for the bytes of states and timers; due entities get at most half of it
  ARGV[11] hashes of contexts that the caller has cached, a list in MessagePack; empty if it wants no context

  Returns  the part of the partition state that the server has evicted, if any; otherwise
           { meta, due, states, timers, hits, failures, outbox, more, context }
           meta:     { epoch, applied offset, fired, emitted, clock, last, highest, failureBytes, forgotten, digest }
           due:      { entity, threshold, … } in the order in which their timers fire
           states, timers: of the due entities, then of the other wanted ones, in their order and as far as the bytes reach;
                     the first of either is always there
           hits:     for each known id its index in ARGV[3], from 0 (2 bytes), digest (8) and log clock (6)
           failures: the newest entry of each requested failure, or nil
           outbox:   { position, event, … }
           more:     1 if more timers are due
           context:  { hash, content }, without the content if the caller has it; {} if none is set or wanted
]]
local evicted = evictedPart(KEYS, tonumber(ARGV[2]))
if evicted then
  return evicted
end
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'appliedOffset', 'fired', 'emitted', 'clock', 'last', 'highest',
  'failureBytes', 'forgotten', 'digest')
local clock = tonumber(meta[5] or 0)

-- The log's clock at the end of the chunk: timers beyond it cannot fire in this chunk.
local last, limit = tonumber(meta[6]), tonumber(ARGV[7])
local step = 0
if last then
  step = math.min(math.max(tonumber(ARGV[4]) - last, 0), tonumber(ARGV[6]))
end
local ending = '(' .. string.format('%.0f', clock + step + tonumber(ARGV[5]))
local due = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ending, 'WITHSCORES', 'LIMIT', 0, limit + 1)
local more = 0
if #due > 2 * limit then
  more = 1
  due[#due] = nil
  due[#due] = nil
end

-- Read in small blocks, so that few entities beyond the byte limit are read in vain: as many as would fit if they had the
-- average size so far, and at most 16.
local BLOCK = 16
local states, timers, bytes = {}, {}, 0
-- Returns the number of entities added: at least one, if there are any.
local function add(entities, limit)
  local from, before = 1, bytes
  while from <= #entities do
    local each = (bytes - before) / (from - 1)
    local fitting = each > 0 and math.floor((limit - bytes) / each) + 1 or BLOCK
    local block = from == 1 and 2 or math.max(1, math.min(BLOCK, fitting))
    local to = math.min(from + block - 1, #entities)
    local some = redis.call('HMGET', KEYS[2], unpack(entities, from, to))
    local own = redis.call('HMGET', KEYS[3], unpack(entities, from, to))
    for number = 1, to - from + 1 do
      local state, timer = some[number], own[number]
      local size = (state and #state or 0) + (timer and #timer or 0)
      local added = from + number - 2
      if added > 0 and bytes + size > limit then
        return added
      end
      bytes = bytes + size
      states[#states + 1] = state
      timers[#timers + 1] = timer
    end
    from = to + 1
  end
  return #entities
end

local isDue, passing, wanted = {}, {}, {}
for at = 1, #due, 2 do
  passing[#passing + 1] = due[at]
end
for number = #passing, add(passing, tonumber(ARGV[10]) / 2) + 1, -1 do
  more = 1
  due[2 * number - 1], due[2 * number] = nil, nil
  passing[number] = nil
end
for _, entity in ipairs(passing) do
  isDue[entity] = true
end
for _, entity in ipairs(cmsgpack.unpack(ARGV[9])) do
  if not isDue[entity] then
    wanted[#wanted + 1] = entity
  end
end
add(wanted, tonumber(ARGV[10]))

local window, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local newest = math.floor(clock / length)
local oldest = math.max(0, math.floor((clock - window) / length))

-- Size in bytes at which a bucket is full: see `commit.lua`.
local FULL_BUCKET = 256 * 24

-- The newest entry of an id in the bucket of ids with the same first two bytes: see `commit.lua`.
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
  local key = KEYS[6] .. ':' .. generation
  for number, bucket in ipairs(redis.call('HMGET', key, unpack(buckets))) do
    if bucket and not found[number] then
      -- Ids that arrived after the bucket was full are newer than those in it.
      local known = #bucket >= FULL_BUCKET and redis.call('HGET', key .. ':more', sub(ids, number * 12 - 11, number * 12))
        or newestIn(bucket, sub(ids, number * 12 - 9, number * 12))
      if known then
        found[number] = true
        hits[#hits + 1] = struct.pack('>I2', number - 1) .. known
      end
    end
  end
end

-- Buckets hold entries of 56 bytes, the newest in front, each with its id first: see `commit.lua`.
local failures = {}
local asked = cmsgpack.unpack(ARGV[8])
local function entryIn(bucket, id)
  local at = find(bucket, id, 1, true)
  while at and at % 56 ~= 1 do
    at = find(bucket, id, at + 1, true)
  end
  return at and sub(bucket, at, at + 55)
end
for number = 1, #asked, 2 do
  local before, ofGroup, names, inBucket = #failures, asked[number + 1], {}, {}
  for at = 1, #ofGroup, 16 do
    local name = string.char(string.byte(ofGroup, at) % 64)
    if not inBucket[name] then
      inBucket[name] = {}
      names[#names + 1] = name
    end
    failures[#failures + 1] = false
    table.insert(inBucket[name], #failures)
  end
  local range = redis.call('HGET', KEYS[7], asked[number])
  local oldestOne, newestOne = string.match(range or '1 0', '^(%d+) (%d+)')
  for generation = tonumber(newestOne), tonumber(oldestOne), -1 do
    local key = KEYS[7] .. ':' .. asked[number] .. ':' .. string.format('%.0f', generation)
    for index, bucket in ipairs(redis.call('HMGET', key, unpack(names))) do
      for _, place in ipairs(bucket and inBucket[names[index]] or {}) do
        local id = (place - before) * 16
        failures[place] = failures[place] or entryIn(bucket, sub(ofGroup, id - 15, id)) or false
      end
    end
  end
end

local context = {}
if ARGV[11] ~= '' then
  local hash = redis.call('HGET', KEYS[8], 'hash')
  local isAtHand = false
  for _, known in ipairs(cmsgpack.unpack(ARGV[11])) do
    isAtHand = isAtHand or known == hash
  end
  if isAtHand then
    context = { hash }
  elseif hash then
    context = { hash, redis.call('HGET', KEYS[8], 'content') }
  end
end

return { meta, due, states, timers, table.concat(hits), failures, redis.call('HGETALL', KEYS[5]), more, context }
