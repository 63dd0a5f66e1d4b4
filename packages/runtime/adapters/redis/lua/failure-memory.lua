--[[
  Prepended to `commit.lua`. Remembers failures, and forgets the oldest ones of the largest group if the size limit is exceeded.

  memory  { key, clock, room, bytes, forgotten, failuresFrom, highest }: prefix of the keys of failures, log clock, size limit in
          bytes, current size in bytes, number of forgotten failures, append time from which no failure was forgotten, and highest
          append time
]]
local DAY = 24 * 60 * 60 * 1000

local function aboutGeneration(key)
  return numbersOf(redis.call('HGET', key, LAYOUT.failures.about) or '0 0 0', LAYOUT.failures.generation)
end

local function keepGroup(memory, name, group)
  if group.first > group.last then
    redis.call('HDEL', memory.key, name)
  else
    redis.call('HSET', memory.key, name, textOf(group, LAYOUT.failures.group))
  end
end

-- Returns the producer groups by name.
local function allGroups(memory)
  local groups, flat = {}, redis.call('HGETALL', memory.key)
  for at = 1, #flat, 2 do
    groups[flat[at]] = groupOf(flat[at + 1])
  end
  return groups
end

-- Records that some failures were forgotten: from now on, only failures of later records are completely remembered.
local function forgets(memory)
  memory.failuresFrom = memory.failuresFrom and memory.highest + 1
end

-- Removes the first generation of a group. Returns the number of its failures.
local function dropFirst(memory, name, group)
  local key = failureKey(memory.key, name, group.first)
  local about = aboutGeneration(key)
  redis.call('UNLINK', key)
  group.first = group.first + 1
  group.bytes = group.bytes - about.bytes
  memory.bytes = memory.bytes - about.bytes
  forgets(memory)
  keepGroup(memory, name, group)
  return about.count
end

-- Adds failures to the last generation of a group. `buckets` has alternating names and contents. A generation
-- is full when it is a day old or has an eighth of its group's bytes, because it is later removed as a whole.
local function addFailures(memory, name, buckets)
  local group = groupOf(redis.call('HGET', memory.key, name))
  local key = failureKey(memory.key, name, group.last)
  local about = aboutGeneration(key)
  local isFull = about.bytes >= math.max(group.bytes / 8, memory.room / 512)
  if group.last < group.first or isFull or memory.clock - group.openedMs >= DAY then
    group.last, group.openedMs = group.last + 1, memory.clock
    key = failureKey(memory.key, name, group.last)
    about = { bytes = 0, count = 0 }
  end
  local fields, added = {}, about.bytes == 0 and LAYOUT.failures.takes.generation or 0
  for at = 1, #buckets, 2 do
    local before, entries = redis.call('HGET', key, buckets[at]), #buckets[at + 1] / LAYOUT.failures.entryBytes
    added = added + (before and 0 or LAYOUT.failures.takes.bucket) + entries * LAYOUT.failures.takes.entry
    about.count = about.count + entries
    fields[#fields + 1] = buckets[at]
    fields[#fields + 1] = buckets[at + 1] .. (before or '')
  end
  about.bytes, about.lastMs = about.bytes + added, memory.clock
  fields[#fields + 1] = LAYOUT.failures.about
  fields[#fields + 1] = textOf(about, LAYOUT.failures.generation)
  call('HSET', key, fields)
  group.bytes = group.bytes + added
  memory.bytes = memory.bytes + added
  keepGroup(memory, name, group)
end

-- Removes the generations whose last failure is older than this time of the log's clock.
local function dropOlder(memory, time)
  for name, group in pairs(allGroups(memory)) do
    while group.first <= group.last do
      if aboutGeneration(failureKey(memory.key, name, group.first)).lastMs >= time then
        break
      end
      dropFirst(memory, name, group)
    end
  end
end

-- The largest group loses failures first, so a producer whose records all fail loses its own failures, not the failures of smaller
-- groups.
local function dropWithoutRoom(memory)
  if memory.bytes <= memory.room then
    return
  end
  local groups = allGroups(memory)
  while memory.bytes > memory.room do
    local largest
    for name, group in pairs(groups) do
      if group.first <= group.last and (largest == nil or group.bytes > groups[largest].bytes) then
        largest = name
      end
    end
    if largest == nil then
      memory.bytes = 0
      forgets(memory)
    else
      memory.forgotten = memory.forgotten + dropFirst(memory, largest, groups[largest])
    end
  end
end
