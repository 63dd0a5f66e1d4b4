--[[
  Prepended to the scripts of partition states. Contains all Lua functions that depend on the layout of values. Names that begin
  with LAYOUT are constants of `layout.ts`. `keys.ts` describes the keys.
]]

-- Number of arguments per call. A call costs the server more than a field does, but Lua can unpack only a few
-- thousand arguments.
local AT_ONCE = 1000

-- Calls a command with all these arguments, in several calls if necessary. Returns the sum of its replies.
local function call(command, key, arguments)
  local sum = 0
  for at = 1, #arguments, AT_ONCE do
    sum = sum + redis.call(command, key, unpack(arguments, at, math.min(at + AT_ONCE - 1, #arguments)))
  end
  return sum
end

-- Returns the fence of a partition state; nil if it has none or if the fence has expired.
local function fenceIn(text)
  local fence = text and cjson.decode(text)
  if not fence or fence.untilMs and tonumber(redis.call('TIME')[1]) * 1000 >= fence.untilMs then
    return nil
  end
  return fence
end

-- Returns the numbers, the mark and the fence of meta by name, nil if absent; and as a second value, all fields as stored, in the
-- order of the layout.
local function readMeta(key)
  local stored, meta = redis.call('HMGET', key, unpack(LAYOUT.meta)), {}
  for number, name in ipairs(LAYOUT.meta) do
    meta[name] = tonumber(stored[number])
  end
  meta.mark = stored[#stored - 1] or nil
  meta.fence = fenceIn(stored[#stored])
  if not meta.fence then
    stored[#stored] = false
  end
  return meta, stored
end

-- Writes the fields of meta, and deletes the fields that are nil.
local function writeMeta(key, meta)
  local present, absent = {}, {}
  for _, name in ipairs(LAYOUT.meta) do
    if meta[name] == nil then
      absent[#absent + 1] = name
    else
      present[#present + 1] = name
      present[#present + 1] = meta[name]
    end
  end
  call('HSET', key, present)
  call('HDEL', key, absent)
end

-- Returns true if the partition state has this version. Before the first commit, the applied offset is -1.
local function isAt(meta, base)
  return (meta.epoch or 0) == base.epoch
    and (meta.appliedOffset or -1) == base.appliedOffset
    and (meta.fired or 0) == base.fired
end

local function generationAt(clock)
  return math.floor(clock / LAYOUT.ids.generationMs)
end

-- Returns the keys of two hashes: for the buckets of a generation of ids, and for the ids whose bucket was full.
local function idKeys(prefix, generation)
  local key = prefix .. ':' .. generation
  return key, key .. LAYOUT.ids.beyondFull
end

-- Adds ids to the front of their buckets. `buckets` has alternating names and contents. Returns the number of
-- new fields.
local function addIds(key, more, buckets)
  local entryBytes, knownBytes, names, open, beyond = LAYOUT.ids.entryBytes, LAYOUT.ids.knownBytes, {}, {}, {}
  for at = 1, #buckets, 2 do
    names[#names + 1] = buckets[at]
  end
  for number, before in ipairs(redis.call('HMGET', key, unpack(names))) do
    local name, added = names[number], buckets[2 * number]
    if before and #before >= LAYOUT.ids.fullBytes then
      -- Write the newest id last: if an id occurs twice, the last write remains.
      for last = #added, 1, -entryBytes do
        beyond[#beyond + 1] = name .. string.sub(added, last - entryBytes + 1, last - knownBytes)
        beyond[#beyond + 1] = string.sub(added, last - knownBytes + 1, last)
      end
    else
      open[#open + 1] = name
      open[#open + 1] = added .. (before or '')
    end
  end
  return call('HSET', key, open) + call('HSET', more, beyond)
end

-- Returns the start of the newest entry that begins with these bytes, in a bucket with entries of this
-- length; nil if none exists.
local find = string.find
local function positionIn(bucket, bytes, length)
  local at = find(bucket, bytes, 1, true)
  while at and at % length ~= 1 do
    at = find(bucket, bytes, at + 1, true)
  end
  return at
end

-- Finds which of the concatenated ids are stored, from the newest generation to that of `clock - windowMs`.
-- Returns { index of a known id, its digest and log clock, … }.
local function findKnownIds(prefix, ids, clock, windowMs)
  local sub, idBytes, nameBytes, entryBytes = string.sub, LAYOUT.ids.bytes, LAYOUT.ids.bucketBytes, LAYOUT.ids.entryBytes
  local names, known, isKnown = {}, {}, {}
  for at = 1, #ids, idBytes do
    names[#names + 1] = sub(ids, at, at + nameBytes - 1)
  end
  local oldest = math.max(0, generationAt(clock - windowMs))
  for generation = generationAt(clock), #names > 0 and oldest or math.huge, -1 do
    local key, beyond = idKeys(prefix, generation)
    for number, bucket in ipairs(redis.call('HMGET', key, unpack(names))) do
      if bucket and not isKnown[number] then
        local last = number * idBytes
        local id = sub(ids, last - idBytes + 1, last)
        -- Ids that arrived after the bucket was full are newer than those in the bucket.
        local own = #bucket >= LAYOUT.ids.fullBytes and redis.call('HGET', beyond, id)
        local at = not own and positionIn(bucket, sub(id, nameBytes + 1), entryBytes)
        if at then
          own = sub(bucket, at + entryBytes - LAYOUT.ids.knownBytes, at + entryBytes - 1)
        end
        if own then
          isKnown[number] = true
          known[#known + 1] = number
          known[#known + 1] = own
        end
      end
    end
  end
  return known
end

-- Parses numbers that are stored as one text. Returns them by name.
local function numbersOf(text, names)
  local numbers, at = {}, 0
  for number in string.gmatch(text, '%S+') do
    at = at + 1
    numbers[names[at]] = tonumber(number)
  end
  return numbers
end

local function textOf(numbers, names)
  local texts = {}
  for at, name in ipairs(names) do
    texts[at] = string.format('%.0f', numbers[name])
  end
  return table.concat(texts, ' ')
end

-- Parses the numbers of a producer group. `text` is false if the group does not exist yet.
local function groupOf(text)
  return numbersOf(text or '1 0 0 0', LAYOUT.failures.group)
end

-- Returns the key of the hash of a generation of failures.
local function failureKey(prefix, group, generation)
  return prefix .. ':' .. group .. ':' .. string.format('%.0f', generation)
end
