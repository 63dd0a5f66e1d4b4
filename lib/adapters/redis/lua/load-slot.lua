--[[
  Reads of one slot what a wave may touch.

  KEYS[1]  {slot}:meta    hash: epoch, mark, clock, last, highest, oldest, counters
  KEYS[2]  {slot}:states  hash: entity -> state, JSON
  KEYS[3]  {slot}:outbox  hash: position -> event, JSON
  KEYS[4]  {slot}:ids     prefix of the id hashes, {slot}:ids:<generation>:<shard>; same hash tag, so same slot

  ARGV[1]  milliseconds of log time for which an id must be known
  ARGV[2]  milliseconds of a generation of ids
  ARGV[3]  ids, 12 bytes each
  ARGV[4…] entities

  Returns  { { epoch, mark, clock, last, highest }, { state, … }, hits, { position, event, … } }
           hits: for each known id its number in ARGV[3], from 0 (2 bytes), digest (8) and log clock (6)
]]
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'mark', 'clock', 'last', 'highest')

local states = {}
if #ARGV > 3 then
  states = redis.call('HMGET', KEYS[2], unpack(ARGV, 4))
end

local clock, window, length = tonumber(meta[3] or 0), tonumber(ARGV[1]), tonumber(ARGV[2])
local newest = math.floor(clock / length)
local oldest = math.max(0, math.floor((clock - window) / length))
local hits = {}
for number = 0, #ARGV[3] / 12 - 1 do
  local id = string.sub(ARGV[3], number * 12 + 1, number * 12 + 12)
  for generation = newest, oldest, -1 do
    local value = redis.call('HGET', KEYS[4] .. ':' .. generation .. ':' .. string.byte(id), id)
    if value then
      hits[#hits + 1] = struct.pack('>I2', number) .. value
      break
    end
  end
end

return { meta, states, table.concat(hits), redis.call('HGETALL', KEYS[3]) }
