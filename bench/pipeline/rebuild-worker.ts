/** Rebuilds a partition state beside its live one, in a thread of its own as a command is a process of its own. */
import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { reprocess } from '#runtime/operating/rebuild'
import { RedisClient, RedisReplaceableStates } from '#runtime/operating/redis'
import { type AnyKeyedProcess, type Consumer, computeCode } from '#runtime/pipeline'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { Stage } from '../../test/support/stage.ts'

const { redisUrl, entities, records } = workerData as { redisUrl: string; entities: number; records: number }
const BATCH = 1_000

const redis = new RedisClient({ url: redisUrl })
const stage = new Stage(undefined, { store: new RedisStateStore(redis) })
const log = Array.from({ length: records }, (_, offset) =>
  logRecord(offset, reading(`r${offset}`, { at: offset / 100, sensor: `s-${offset % entities}` })),
)
for (let from = 0; from < records; from += BATCH) await stage.batch(log.slice(from, from + BATCH))
parentPort?.postMessage({ kind: 'ready' })
await new Promise(resolve => parentPort?.once('message', resolve))

const live = new RedisReplaceableStates(redis)
const fence = live.fence.bind(live)
let fencedMs = 0
live.fence = async (...of) => {
  const fenced = await fence(...of)
  fencedMs = performance.now()
  return fenced
}
const consumer = stage.consumer as Consumer<AnyKeyedProcess>
const beganMs = performance.now()
const work = {
  consumer,
  live,
  rebuilds: live.rebuilds,
  log: new MemoryLogReader(log),
  pause,
  nowMs: Date.now,
}
const code = computeCode('v1', consumer)
const rebuild = { startOffset: 0, from: 'start', code, dropsOlder: false, begunMs: 0 }
await reprocess({ ...work, onRead: () => {}, onExpired: () => {} }, stage.stateKey(), rebuild, false)
const endedMs = performance.now()
parentPort?.postMessage({ kind: 'done', fenceMs: endedMs - fencedMs, tookMs: endedMs - beganMs })
redis.close()
