/**
 * Checkpoints of partition states that never rest. `CHECKPOINT_LOAD=500` takes them for a minute at that many readings a second, in
 * 12 partitions with 60,000 ids and 10,000 entities each.
 */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/resources.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisPartitionStates } from '../../packages/runtime/adapters/redis/partition-states.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import { S3CheckpointStore } from '../../packages/runtime/adapters/s3/checkpoint-store.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { takeCheckpoints } from '../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import { changeOf, versionAt } from '../support/changes.ts'
import { inPages, partsIn } from '../support/parts.ts'
import { awsEndpoint, redisUrl } from '../support/servers.ts'

const rate = Number(process.env.CHECKPOINT_LOAD ?? 0)
/** Without a rate, each partition commits again as soon as the last commit is done: for one commit, one reading is enough. */
const LOAD =
  rate > 0
    ? {
        partitions: 12,
        ids: 60_000,
        entities: 10_000,
        forMs: 60_000,
        // Often, because a partition without a change since its last checkpoint gets none.
        readings: Math.ceil(rate / 12 / 10),
        everyMs: 100,
      }
    : { partitions: 2, ids: 2_000, entities: 500, forMs: 0, readings: 1, everyMs: 0 }

Object.assign(process.env, LOCAL_AWS_ENVIRONMENT, { AWS_ENDPOINT_URL: awsEndpoint() })
const bucket = `checkpoints-${randomUUID()}`
const s3 = new S3Client({ forcePathStyle: true })
const checkpoints = new S3CheckpointStore({ bucket, pathStyle: true })
const [client, writing] = [new RedisClient({ url: redisUrl() }), new RedisClient({ url: redisUrl() })]
const store = new RedisStateStore(writing)

before(() => s3.send(new CreateBucketCommand({ Bucket: bucket })))
after(() => {
  client.close()
  writing.close()
  checkpoints.close()
  s3.destroy()
})

/** A consumer of one partition: each reading has an id and changes the state of an entity. */
class Consumer {
  readonly state: StateKey
  #offset = -1

  constructor(topic: string, partition: number) {
    this.state = { consumer: 'busy', topic, partition }
  }

  async commit(readings: number): Promise<void> {
    const base = versionAt(this.#offset)
    const offsets = Array.from({ length: readings }, (_, index) => this.#offset + 1 + index)
    this.#offset += readings
    const change = changeOf({
      base,
      appliedOffset: this.#offset,
      states: new Map([
        ...offsets.map(offset => [`sensor-${offset % LOAD.entities}`, '{"sum":12.5,"count":3}'] as const),
        ['newest', String(this.#offset)],
      ]),
      ids: offsets.map(() => ({
        id: randomBytes(12).toString('latin1'),
        digest: '12345678',
        appliedAtMs: 1,
      })),
      tally: new Map([['applied/counted', readings]]),
    })
    assert.equal(await store.commit(this.state, change), 'committed')
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.commit(LOAD.readings)
      if (LOAD.everyMs > 0) await pause(LOAD.everyMs)
    }
  }
}

it('given states that change all the time, then each has a checkpoint, of one moment', async t => {
  const topic = `t-${randomUUID()}`
  const consumers = Array.from({ length: LOAD.partitions }, (_, partition) => new Consumer(topic, partition))
  for (const consumer of consumers)
    for (let ids = 0; ids < LOAD.ids; ids += 500) await consumer.commit(Math.min(500, LOAD.ids - ids))
  let isOver = false
  const running = Promise.all(consumers.map(consumer => consumer.run(() => isOver)))
  const states = new RedisPartitionStates(client)
  const partitionStates = consumers.map(({ state }) => state)
  const options = { kept: 2, nowMs: Date.now, remainingMs: () => 280_000, reserveMs: 20_000 }
  const beganMs = performance.now()
  let runs = 0
  try {
    do {
      const runMs = performance.now()
      const { written, notTaken } = await takeCheckpoints({ checkpoints, states }, partitionStates, options)
      assert.deepEqual([written, notTaken], [LOAD.partitions, []])
      t.diagnostic(`${Math.round(performance.now() - runMs)} ms for ${written}`)
      runs += 1
    } while (runs < 3 || performance.now() - beganMs < LOAD.forMs)
  } finally {
    isOver = true
    await running
  }
  for (const state of partitionStates) {
    const [newest] = await checkpoints.list(state)
    assert.ok(newest)
    const restored = { ...state, topic: `${topic}-restored` }
    const pages = checkpoints.read(state, newest)
    assert.equal(await states.replace(restored, versionAt(-1), pages), 'replaced')
    const parts = await partsIn((await states.take(restored))?.pages ?? inPages([]))
    const [meta] = parts.flatMap(part => (part.kind === 'meta' ? [part.meta] : []))
    const decided = newest.version.appliedOffset + 1
    assert.equal(meta?.tally['applied/counted'], decided)
    // One that came while all were read may be there twice.
    const ids = new Set(parts.flatMap(part => (part.kind === 'id' ? [part.id.id] : [])))
    assert.equal(ids.size, decided)
    const newestState = parts.flatMap(part =>
      part.kind === 'state' && part.entity === 'newest' ? [part.state] : [],
    )
    assert.deepEqual(newestState, [String(newest.version.appliedOffset)])
  }
})
