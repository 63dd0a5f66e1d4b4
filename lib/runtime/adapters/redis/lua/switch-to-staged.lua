--[[
  Replaces the contents of a partition state with the staged ones, all or nothing, and raises the epoch: a commit that was
  computed from the old contents is refused, even if the new ones have the same applied offset.

  KEYS[1]  {stateKey}:meta           hash: epoch, applied offset, fired, emitted, clock, last, highest, digest, oldest,
                                 failureBytes, forgotten, states, timers, ids, counters
  KEYS[2]  {stateKey}:states         hash: entity -> state, JSON
  KEYS[3]  {stateKey}:timers         hash: entity -> its timers, JSON
  KEYS[4]  {stateKey}:due            sorted set: entity, by the threshold of its first timer
  KEYS[5]  {stateKey}:outbox         hash: position -> event, JSON
  KEYS[6]  {stateKey}:ids            prefix of ids: {stateKey}:ids:<generation> and, behind full buckets, …:more; same tag
  KEYS[7]  {stateKey}:failures       hash: group of producers -> first and last generation, …; and prefix of these generations,
                                 {stateKey}:failures:<group>:<generation>; same hash tag
  KEYS[8]  {stateKey}:staging:token  string: token of the attempt that is staging
  KEYS[9]  {stateKey}:staging:names  set: the last parts of the staged keys
  KEYS[10] {stateKey}:staged         prefix of those keys, {stateKey}:staged:<name>; same hash tag
  KEYS[11] {stateKey}                prefix that replaces it; same hash tag
  KEYS[12] {stateKey}:context        hash: hash and content of the partition's context

  ARGV[1]  token of this attempt
  ARGV[2]  number of fields that must have been staged
  ARGV[3]  the epoch that the new contents had
  ARGV[4]  length of a generation of ids, milliseconds
  ARGV[5]  the version that the state must have: epoch, applied offset and fired, separated by spaces; empty if any will do

  Returns  { epoch now, applied offset replaced }, or "overtaken" if a later attempt has begun, or "incomplete" if the
           server has lost some of the staged contents, or "moved" if the version is a different one
]]
if redis.call('GET', KEYS[8]) ~= ARGV[1] then
  return 'overtaken'
end
local names = redis.call('SMEMBERS', KEYS[9])
local version = redis.call('HMGET', KEYS[1], 'epoch', 'appliedOffset', 'fired')
local text = (version[1] or '0') .. ' ' .. (version[2] or '-1') .. ' ' .. (version[3] or '0')
if ARGV[5] ~= '' and ARGV[5] ~= text then
  for _, name in ipairs(names) do
    redis.call('UNLINK', KEYS[10] .. ':' .. name)
  end
  redis.call('DEL', KEYS[8], KEYS[9])
  return 'moved'
end
local fields = 0
for _, name in ipairs(names) do
  fields = fields + redis.call(name == 'due' and 'ZCARD' or 'HLEN', KEYS[10] .. ':' .. name)
end
if fields ~= tonumber(ARGV[2]) then
  return 'incomplete'
end

local present = redis.call('HMGET', KEYS[1], 'epoch', 'appliedOffset', 'clock', 'oldest')
local clock = tonumber(present[3] or 0)
local newest = math.floor(clock / tonumber(ARGV[4]))
for generation = tonumber(present[4] or newest), newest do
  redis.call('UNLINK', KEYS[6] .. ':' .. generation, KEYS[6] .. ':' .. generation .. ':more')
end
local groups = redis.call('HGETALL', KEYS[7])
for at = 1, #groups, 2 do
  local first, last = string.match(groups[at + 1], '^(%d+) (%d+)')
  for generation = tonumber(first), tonumber(last) do
    redis.call('UNLINK', KEYS[7] .. ':' .. groups[at] .. ':' .. string.format('%.0f', generation))
  end
end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[7], KEYS[12])

for _, name in ipairs(names) do
  redis.call('RENAME', KEYS[10] .. ':' .. name, KEYS[11] .. ':' .. name)
end
local epoch = math.max(tonumber(present[1] or 0), tonumber(ARGV[3])) + 1
redis.call('HSET', KEYS[1], 'epoch', epoch)
redis.call('DEL', KEYS[8], KEYS[9])
return { epoch, tonumber(present[2] or -1) }
