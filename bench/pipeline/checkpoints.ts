import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/resources.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisPartitionStates } from '../../packages/runtime/adapters/redis/partition-states.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import { S3CheckpointStore } from '../../packages/runtime/adapters/s3/checkpoint-store.ts'
import type { Change } from '../../packages/runtime/pipeline/model.ts'
import { takeCheckpoints } from '../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Cloud } from '../kit/servers.ts'
import { EMPTY, stateKeyOf } from './fill.ts'
import { usedMemory } from './size.ts'

const PARTITIONS = 12
const ENTITIES = 1_000_000
/** Changes of 15 minutes at 20,000 a second. */
const CHANGES = 18_000_000
const MINUTES_MS = 15 * 60_000
/** 300 s of a function with 512 MB, which has so much of a processor. */
const PROCESSOR_SECONDS = 85
/** Divisor of all sizes with `--quick`. */
const QUICK = 20
const AT_ONCE = 500
const APPENDED_MS = Date.parse('2026-03-01T12:00:00Z')
const BUCKET = 'bench-checkpoints'

/** Measures the processor time of one run of `checkpoints` that copies the changes of 15 minutes. */
export async function* checkpoints({ redisUrl, awsEndpoint }: Cloud, run: Run): AsyncGenerator<Figure> {
  Object.assign(process.env, LOCAL_AWS_ENVIRONMENT, { AWS_ENDPOINT_URL: awsEndpoint })
  const scale = run.quick ? QUICK : 1
  const redis = new RedisClient({ url: redisUrl })
  const kept = new S3CheckpointStore({ bucket: BUCKET, pathStyle: true })
  const s3 = new S3Client({ forcePathStyle: true })
  const partitionStates = Array.from({ length: PARTITIONS }, (_, partition) => stateKeyOf(100 + partition))
  const recovery = { checkpoints: kept, states: new RedisPartitionStates(redis) }
  const options = { kept: 4, nowMs: Date.now, remainingMs: () => Infinity, reserveMs: 0 }
  const store = new RedisStateStore(redis)
  const entities = Math.ceil(ENTITIES / PARTITIONS / scale)
  const taken = async (what: string) => {
    const before = process.cpuUsage()
    const { written, bytes, notTaken } = await takeCheckpoints(recovery, partitionStates, options)
    if (written !== PARTITIONS || notTaken.length > 0) throw new Error(`${written} checkpoints were taken`)
    const { user, system } = process.cpuUsage(before)
    const seconds = (user + system) / 1e6
    run.say(`${what}: ${seconds.toFixed(1)} s of a processor, ${(bytes / 1e6).toFixed(1)} MB`)
    return seconds
  }
  const written = async (partition: number, from: number, count: number) => {
    const stateKey = partitionStates[partition] as (typeof partitionStates)[number]
    for (let number = from; number < from + count; number += AT_ONCE) {
      run.signal.throwIfAborted()
      const nowMs = Math.floor((number / (CHANGES / PARTITIONS / scale)) * MINUTES_MS)
      const change = changeAt(number, Math.min(AT_ONCE, from + count - number), entities, nowMs)
      if ((await store.commit(stateKey, change)) === 'refused') throw new Error('changed by another client')
    }
  }
  try {
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }))
    const all = partitionStates.map((_, partition) => partition)
    run.say(`writing ${(entities * PARTITIONS).toLocaleString('en')} entities`)
    await Promise.all(all.map(partition => written(partition, 0, entities)))
    const whole = await taken('whole states')
    const changes = Math.ceil(CHANGES / PARTITIONS / scale)
    const memory = await usedMemory(redis)
    run.say(`writing ${(changes * PARTITIONS).toLocaleString('en')} changes`)
    await Promise.all(all.map(partition => written(partition, entities, changes)))
    const grown = (await usedMemory(redis)) - memory
    const seconds = await taken('changes')
    const limit = { atMost: PROCESSOR_SECONDS / scale }
    yield aimed('pipeline/checkpoints, changes of 15 minutes, processor time', 's', limit, [seconds])
    yield { name: 'pipeline/checkpoints, whole states before, processor time', unit: 's', rounds: [whole] }
    yield {
      name: 'pipeline/checkpoints, memory that a change takes until then',
      unit: 'bytes',
      rounds: [grown / changes / PARTITIONS],
    }
    yield {
      name: 'pipeline/checkpoints, resident',
      unit: 'MiB',
      rounds: [process.memoryUsage.rss() / 2 ** 20],
    }
  } finally {
    redis.close()
    kept.close()
    s3.destroy()
  }
}

function changeAt(from: number, count: number, entities: number, nowMs: number): Change {
  const numbers = Array.from({ length: count }, (_, index) => from + index)
  const names = numbers.map(number => `/environment/test-site sensor-${(number * 7919) % entities}`)
  const timer = (number: number) => ({
    name: 'silence',
    dueMs: APPENDED_MS + nowMs,
    thresholdMs: nowMs + 60_000,
    id: `timer-${number}`,
    trace: {},
  })
  const lastAppendMs = APPENDED_MS + nowMs
  return {
    ...EMPTY,
    base: { epoch: 0, appliedOffset: from - 1, fired: 0 },
    appliedOffset: from + count - 1,
    clock: { nowMs, lastAppendMs, highestAppendMs: lastAppendMs },
    states: new Map(names.map((name, index) => [name, `{"count":${numbers[index]},"sum":12.5}`])),
    timers: new Map(names.map((name, index) => [name, [timer(numbers[index] as number)]])),
    ids: names.map(() => {
      const bytes = randomBytes(20).toString('latin1')
      return { id: bytes.slice(0, 12), digest: bytes.slice(12), appliedAtMs: nowMs }
    }),
  }
}
