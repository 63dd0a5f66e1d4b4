--[[
  Puts what was laid ready in the place of a slot's contents, all or nothing, and raises the epoch: a commit that was
  computed from the old contents is refused, even where the new ones stand at the same mark.

  KEYS[1]  {slot}:meta           hash: epoch, mark, fired, emitted, clock, last, highest, oldest, oldestFailures, counters
  KEYS[2]  {slot}:states         hash: entity -> state, JSON
  KEYS[3]  {slot}:timers         hash: entity -> its timers, JSON
  KEYS[4]  {slot}:due            sorted set: entity, by the threshold of its first timer
  KEYS[5]  {slot}:outbox         hash: position -> event, JSON
  KEYS[6]  {slot}:ids            prefix of the id hashes, {slot}:ids:<generation>; same hash tag, so same slot
  KEYS[7]  {slot}:failures       prefix of the failure hashes, {slot}:failures:<generation>; likewise
  KEYS[8]  {slot}:staging:token  string: who is laying something ready
  KEYS[9]  {slot}:staging:names  set: the last parts of the keys that are laid ready
  KEYS[10] {slot}:staged         prefix of those keys, {slot}:staged:<name>; likewise
  KEYS[11] {slot}                prefix that they get instead; likewise

  ARGV[1]  token of this attempt
  ARGV[2]  how many fields must have been laid ready
  ARGV[3]  the epoch that the new contents had
  ARGV[4]  milliseconds of a generation of ids
  ARGV[5]  milliseconds of a generation of failures

  Returns  { epoch now, mark replaced }, or "overtaken" where a later attempt has begun, or "incomplete" where the
           server has lost something of what was laid ready
]]
if redis.call('GET', KEYS[8]) ~= ARGV[1] then
  return 'overtaken'
end
local names = redis.call('SMEMBERS', KEYS[9])
local fields = 0
for _, name in ipairs(names) do
  fields = fields + redis.call(name == 'due' and 'ZCARD' or 'HLEN', KEYS[10] .. ':' .. name)
end
if fields ~= tonumber(ARGV[2]) then
  return 'incomplete'
end

local present = redis.call('HMGET', KEYS[1], 'epoch', 'mark', 'clock', 'oldest', 'oldestFailures')
local clock = tonumber(present[3] or 0)
local newest = math.floor(clock / tonumber(ARGV[4]))
for generation = tonumber(present[4] or newest), newest do
  redis.call('UNLINK', KEYS[6] .. ':' .. generation)
end
local day = math.floor(clock / tonumber(ARGV[5]))
for generation = tonumber(present[5] or day), day do
  redis.call('UNLINK', KEYS[7] .. ':' .. generation)
end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])

for _, name in ipairs(names) do
  redis.call('RENAME', KEYS[10] .. ':' .. name, KEYS[11] .. ':' .. name)
end
local epoch = math.max(tonumber(present[1] or 0), tonumber(ARGV[3])) + 1
redis.call('HSET', KEYS[1], 'epoch', epoch)
redis.call('DEL', KEYS[8], KEYS[9])
return { epoch, tonumber(present[2] or -1) }
