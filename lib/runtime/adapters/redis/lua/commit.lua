--[[
  Writes the changes of a chunk to its partition state, all or nothing, if the partition state still has the version from which
  they were computed.

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

  ARGV[1]  version: epoch, applied offset (-1 before the first record) and fired, separated by spaces
  ARGV[2]  the new applied offset
  ARGV[3]  timers fired since the new applied offset
  ARGV[4]  events emitted since the new applied offset
  ARGV[5]  log clock, milliseconds
  ARGV[6]  append time of the record at the new applied offset, milliseconds since the epoch; empty before the first
  ARGV[7]  highest append time so far, in the same form
  ARGV[8]  milliseconds of log time for which ids are kept
  ARGV[9]  length of a generation of ids, milliseconds
  ARGV[10] ids: generation, and a list of buckets and what goes to the front of each, in turn; a list in MessagePack
  ARGV[11] states: entity and state in turn, a list in MessagePack; an empty state deletes that of the entity
  ARGV[12] timers: entity and timers in turn, a list in MessagePack; empty timers delete those of the entity
  ARGV[13] due: entity and threshold in turn, a list in MessagePack; an empty threshold if the entity has no timer
  ARGV[14] outbox: position and event in turn, a list in MessagePack
  ARGV[15] counters: name and increment in turn, a list in MessagePack
  ARGV[16] upper bound for the bytes of failures
  ARGV[17] milliseconds of log time for which failures are kept
  ARGV[18] failures: group, and a list of buckets and what goes to the front of each, in turn; a list in MessagePack
  ARGV[19] number of forgotten failures that have been reported
  ARGV[20] digest of the record at the new applied offset; empty if not known
  ARGV[21] hash of the partition's context; empty if unchanged
  ARGV[22] content of the partition's context; empty if unchanged

  Returns  1 committed, 0 refused, or the part of the partition state that the server has evicted
]]
local version = redis.call('HMGET', KEYS[1], 'epoch', 'appliedOffset', 'fired', 'oldest', 'failureBytes', 'forgotten',
  'clock')
local present = (version[1] or '0') .. ' ' .. (version[2] or '-1') .. ' ' .. (version[3] or '0')
if present ~= ARGV[1] then
  return 0
end
-- A server frees memory before it runs a script, so it may have evicted keys since the load.
local evicted = evictedPart(KEYS, tonumber(ARGV[9]))
if evicted then
  return evicted
end

-- Size in bytes at which a bucket of ids is full: 256 ids. `load.lua` and `packing.ts` use the same.
local FULL_BUCKET = 256 * 24

local function pairsOf(packed)
  local list, at = cmsgpack.unpack(packed), -1
  return function()
    at = at + 2
    return list[at], list[at + 1]
  end
end

-- Many fields per call: a call costs the server more than a field does. Lua can unpack a few thousand arguments at most.
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

-- Ids are grouped by generation, so that a whole hash is removed at once, and within it by their first two bytes: the ids that
-- share them are one value, the newest in front. A producer can compute these bytes and fill a bucket on purpose, so a bucket has
-- an upper bound: later ids get fields of their own in <generation>:more, which the server's own keyed hash distributes.
local function remember(generation, buckets)
  local key, names, open, more = KEYS[6] .. ':' .. generation, {}, {}, {}
  for at = 1, #buckets, 2 do
    names[#names + 1] = buckets[at]
  end
  for number, before in ipairs(redis.call('HMGET', key, unpack(names))) do
    local name, added = buckets[2 * number - 1], buckets[2 * number]
    if before and #before >= FULL_BUCKET then
      -- Write the newest last: if an id appears twice, the last one written remains.
      for at = #added - 23, 1, -24 do
        more[#more + 1] = name .. string.sub(added, at, at + 9)
        more[#more + 1] = string.sub(added, at + 10, at + 23)
      end
    else
      open[#open + 1] = name
      open[#open + 1] = added .. (before or '')
    end
  end
  call('HSET', key, open)
  call('HSET', key .. ':more', more)
end

local lowest
for generation, buckets in pairsOf(ARGV[10]) do
  lowest = math.min(lowest or tonumber(generation), tonumber(generation))
  remember(generation, buckets)
end
local keep = math.max(0, math.floor((tonumber(ARGV[5]) - tonumber(ARGV[8])) / tonumber(ARGV[9])))
-- A partition state's first commit can already hold ids that are too old to be kept.
for generation = tonumber(version[4] or lowest or keep), keep - 1 do
  redis.call('UNLINK', KEYS[6] .. ':' .. generation, KEYS[6] .. ':' .. generation .. ':more')
end

-- Bytes of an entry, a bucket and a generation of failures, at least what the server needs: see `failure-packing.ts`.
local ENTRY, BUCKET, GENERATION = 64, 64, 512
local DAY = 24 * 60 * 60 * 1000
local clock, room = tonumber(ARGV[5]), tonumber(ARGV[16])
local taken, forgotten = tonumber(version[5] or 0), tonumber(version[6] or 0) - tonumber(ARGV[19])

local function numbersOf(text)
  local numbers = {}
  for number in string.gmatch(text or '', '%S+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  return numbers
end

local function generation(group, number)
  return KEYS[7] .. ':' .. group .. ':' .. string.format('%.0f', number)
end

local function group(name, text)
  local numbers = numbersOf(text)
  return { name = name, first = numbers[1] or 1, last = numbers[2] or 0, bytes = numbers[3] or 0, opened = numbers[4] or 0 }
end

local function keepGroup(one)
  if one.first > one.last then
    redis.call('HDEL', KEYS[7], one.name)
  else
    local text = string.format('%.0f %.0f %.0f %.0f', one.first, one.last, one.bytes, one.opened)
    redis.call('HSET', KEYS[7], one.name, text)
  end
end

local function allGroups()
  local all, flat = {}, redis.call('HGETALL', KEYS[7])
  for at = 1, #flat, 2 do
    all[#all + 1] = group(flat[at], flat[at + 1])
  end
  return all
end

-- Removes the first generation as a whole. Returns the number of its failures.
local function dropFirst(one)
  local key = generation(one.name, one.first)
  local about = numbersOf(redis.call('HGET', key, ''))
  redis.call('UNLINK', key)
  one.first = one.first + 1
  one.bytes = one.bytes - (about[1] or 0)
  taken = taken - (about[1] or 0)
  keepGroup(one)
  return about[2] or 0
end

-- A generation is full when it is a day old or has an eighth of its group's bytes, since it is later removed as a whole.
local function add(one, entries)
  local about = { 0, 0 }
  if one.last >= one.first then
    about = numbersOf(redis.call('HGET', generation(one.name, one.last), '') or '0 0')
  end
  local isFull = about[1] >= math.max(one.bytes / 8, room / 512)
  if one.last < one.first or isFull or clock - one.opened >= DAY then
    one.last, one.opened, about = one.last + 1, clock, { 0, 0 }
  end
  local key, names, contents, added = generation(one.name, one.last), {}, {}, about[1] == 0 and GENERATION or 0
  for at = 1, #entries, 2 do
    local name = entries[at]
    if contents[name] == nil then
      names[#names + 1] = name
      contents[name] = redis.call('HGET', key, name) or ''
      added = added + (contents[name] == '' and BUCKET or 0)
    end
    contents[name] = entries[at + 1] .. contents[name]
    added = added + ENTRY
  end
  local fields = { '', string.format('%.0f %.0f %.0f', about[1] + added, about[2] + #entries / 2, clock) }
  for _, name in ipairs(names) do
    fields[#fields + 1] = name
    fields[#fields + 1] = contents[name]
  end
  call('HSET', key, fields)
  one.bytes = one.bytes + added
  taken = taken + added
  keepGroup(one)
end

for name, entries in pairsOf(ARGV[18]) do
  add(group(name, redis.call('HGET', KEYS[7], name)), entries)
end

if math.floor(clock / DAY) > math.floor(tonumber(version[7] or 0) / DAY) then
  for _, one in ipairs(allGroups()) do
    while one.first <= one.last do
      local about = numbersOf(redis.call('HGET', generation(one.name, one.first), ''))
      if (about[3] or 0) >= clock - tonumber(ARGV[17]) then
        break
      end
      dropFirst(one)
    end
  end
end

-- The largest group loses failures first: a producer whose records all fail loses its own, not those of smaller groups.
if taken > room then
  local all = allGroups()
  while taken > room do
    local largest
    for _, one in ipairs(all) do
      if one.first <= one.last and (largest == nil or one.bytes > largest.bytes) then
        largest = one
      end
    end
    if largest == nil then
      taken = 0
      break
    end
    forgotten = forgotten + dropFirst(largest)
  end
end

if ARGV[21] ~= '' then
  redis.call('HSET', KEYS[8], 'hash', ARGV[21], 'content', ARGV[22])
end
redis.call('HSET', KEYS[1], 'epoch', version[1] or '0', 'appliedOffset', ARGV[2], 'fired', ARGV[3], 'emitted', ARGV[4],
  'clock', ARGV[5], 'oldest', keep, 'failureBytes', string.format('%.0f', taken), 'forgotten',
  string.format('%.0f', forgotten), 'states', redis.call('HLEN', KEYS[2]), 'timers', redis.call('HLEN', KEYS[3]),
  'ids', idFields(KEYS[6], keep, math.floor(tonumber(ARGV[5]) / tonumber(ARGV[9]))))
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[1], 'last', ARGV[6], 'highest', ARGV[7])
end
if ARGV[20] ~= '' then
  redis.call('HSET', KEYS[1], 'digest', ARGV[20])
else
  redis.call('HDEL', KEYS[1], 'digest')
end
return 1
