--[[
  Prepended to the scripts of partition states: the only functions in Lua that know how values are laid out. What begins with
  LAYOUT is a constant of `layout.ts`. `keys.ts` says what the keys are.
]]

-- Many arguments per call: a call costs the server more than a field does. Lua can unpack a few thousand arguments at most.
local AT_ONCE = 1000

-- Calls a command with all these arguments, and returns the sum of its replies.
local function call(command, key, arguments)
  local sum = 0
  for at = 1, #arguments, AT_ONCE do
    sum = sum + redis.call(command, key, unpack(arguments, at, math.min(at + AT_ONCE - 1, #arguments)))
  end
  return sum
end

-- The fence of a partition state, nil if it has none or if its time is over.
local function fenceIn(text)
  local fence = text and cjson.decode(text)
  if not fence or fence.untilMs and tonumber(redis.call('TIME')[1]) * 1000 >= fence.untilMs then
    return nil
  end
  return fence
end

-- The numbers of meta by their names and its fence, nil if absent; and all fields as they are stored, in the order of the layout.
local function readMeta(key)
  local stored, meta = redis.call('HMGET', key, unpack(LAYOUT.meta)), {}
  for number, name in ipairs(LAYOUT.meta) do
    meta[name] = tonumber(stored[number])
  end
  meta.fence = fenceIn(stored[#stored])
  if not meta.fence then
    stored[#stored] = false
  end
  return meta, stored
end

-- Makes the fields of meta what they are here.
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

-- Whether the partition state has this version; before its first commit, the applied offset is -1.
local function isAt(meta, base)
  return (meta.epoch or 0) == base.epoch
    and (meta.appliedOffset or -1) == base.appliedOffset
    and (meta.fired or 0) == base.fired
end

local function generationAt(clock)
  return math.floor(clock / LAYOUT.ids.generationMs)
end

-- The hash of a generation of ids, and the one for those beyond full buckets.
local function idKeys(prefix, generation)
  local key = prefix .. ':' .. generation
  return key, key .. LAYOUT.ids.beyondFull
end

-- Puts ids in front of those in their buckets. `buckets` has names and contents in turn. Returns the number of new fields.
local function addIds(key, more, buckets)
  local entryBytes, knownBytes, names, open, beyond = LAYOUT.ids.entryBytes, LAYOUT.ids.knownBytes, {}, {}, {}
  for at = 1, #buckets, 2 do
    names[#names + 1] = buckets[at]
  end
  for number, before in ipairs(redis.call('HMGET', key, unpack(names))) do
    local name, added = names[number], buckets[2 * number]
    if before and #before >= LAYOUT.ids.fullBytes then
      -- Write the newest last: if an id appears twice, the last one written remains.
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

-- Where the newest entry starts that begins with these bytes, in a bucket of entries that are this long; nil if none does.
local find = string.find
local function positionIn(bucket, bytes, length)
  local at = find(bucket, bytes, 1, true)
  while at and at % length ~= 1 do
    at = find(bucket, bytes, at + 1, true)
  end
  return at
end

-- Numbers that are stored as one text, by their names.
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

-- A group of producers from what is stored, false if nothing is.
local function groupOf(text)
  return numbersOf(text or '1 0 0 0', LAYOUT.failures.group)
end

-- The hash of a generation of failures.
local function failureKey(prefix, group, generation)
  return prefix .. ':' .. group .. ':' .. string.format('%.0f', generation)
end
