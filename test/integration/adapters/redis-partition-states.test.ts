import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { keysOf } from '../../../packages/runtime/adapters/redis/keys.ts'
import { RedisPartitionStates } from '../../../packages/runtime/adapters/redis/partition-states.ts'
import { RedisStateStore } from '../../../packages/runtime/adapters/redis/state-store.ts'
import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'
import { type CheckpointPart, EMPTY_META } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { takeCheckpoints } from '../../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import { MemoryCheckpointStore } from '../../../packages/runtime/testing/checkpoint-store.ts'
import { restoresAnyHistory } from '../../conformance/checkpoint-history.ts'
import { conformsAsPartitionStates } from '../../conformance/partition-states.ts'
import { changeOf, versionAt } from '../../support/changes.ts'
import { inPages, metaAt, partsIn } from '../../support/parts.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const states = new RedisPartitionStates(client)
const stateStore = new RedisStateStore(client)
conformsAsPartitionStates(
  'Redis',
  () => states,
  () => stateStore,
)

it('given a checkpoint with ids that were made to share a bucket, then no restored value exceeds a bound', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  const ids = Array.from({ length: 3_000 }, (_, number): CheckpointPart => {
    const id = `ab${number}`.padEnd(12, '.')
    return { kind: 'id', id: { id, digest: 'd'.repeat(8), appliedAtMs: 0 } }
  })
  const pages = inPages([{ kind: 'meta', meta: metaAt(41) }, ...ids])
  assert.equal(await states.replace(state, EMPTY_META.version, pages), 'replaced')
  const { ids: key } = keysOf(state)
  const sizes = await client.run(async redis => {
    const values = [...(await redis.hvals(`${key}:0`)), ...(await redis.hvals(`${key}:0:more`))]
    return values.map(value => Buffer.byteLength(value))
  })
  assert.ok(sizes.length > 1)
  // A full bucket, and one page of ids: 24 bytes an id.
  assert.ok(Math.max(...sizes) <= (256 + 500) * 24, `${Math.max(...sizes)} bytes`)
})

it('given a server that has evicted some of the changes, then the next checkpoint is a whole state', async () => {
  // The second generation was closed by a reading that was killed, the third is open.
  for (const evicted of ['changes:2', 'changes:2:ids', 'changes:3', 'changes:3:ids']) {
    const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
    const recovery = { checkpoints: new MemoryCheckpointStore(), states }
    let nowMs = 1_000
    const take = () => {
      const options = { kept: 4, nowMs: () => (nowMs += 1_000), remainingMs: () => 60_000, reserveMs: 0 }
      return takeCheckpoints(recovery, [state], options)
    }
    const commit = async (appliedOffset: number) => {
      const ids = [{ id: `${appliedOffset}`.padEnd(12, '.'), digest: 'd'.repeat(8), appliedAtMs: 0 }]
      const own = new Map([[`e ${appliedOffset}`, '1']])
      const base = versionAt(appliedOffset - 1)
      const change = changeOf({ base, appliedOffset, ids, states: own })
      assert.equal(await stateStore.commit(state, change), 'committed')
    }
    await commit(0)
    await take()
    for (const offset of [1, 2]) await commit(offset)
    const tracked = await states.tracked(state)
    assert.ok(tracked)
    await partsIn(states.read(state, tracked, 'changes').pages)
    await commit(3)
    assert.equal(await client.run(redis => redis.del(`{c:${state.topic}:0}:${evicted}`)), 1)
    await commit(4)
    const { written, notTaken } = await take()
    const [newest] = await recovery.checkpoints.list(state)
    assert.deepEqual([written, notTaken, newest?.after], [1, [], undefined], evicted)
  }
})

it('given ids that are too old by the end of a chain, then they take no room in the restored state', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  const hour = 3_600_000
  const id = (number: number): CheckpointPart => ({
    kind: 'id',
    id: { id: `${number}`.padEnd(12, '.'), digest: 'd'.repeat(8), appliedAtMs: number * hour },
  })
  async function* pages() {
    yield [id(0), id(1)]
    yield [
      { kind: 'gone' as const, gone: { idsBeforeMs: hour } },
      id(2),
      { kind: 'meta' as const, meta: metaAt(41) },
    ]
  }
  assert.equal(await states.replace(state, EMPTY_META.version, pages()), 'replaced')
  const ids = (await keysIn(state)).filter(key => key.includes(':ids:')).sort()
  const { ids: prefix } = keysOf(state)
  assert.deepEqual(ids, [`${prefix}:1`, `${prefix}:2`])
})

restoresAnyHistory('Redis', () => ({ states, store: stateStore, remember, lose: state => lose(state) }), 30)

async function keysIn({ consumer, topic, partition }: StateKey): Promise<string[]> {
  return client.run(redis => redis.keys(`{${consumer}:${topic}:${partition}}:*`))
}

async function lose(state: StateKey): Promise<void> {
  const keys = await keysIn(state)
  if (keys.length > 0) await client.run(redis => redis.del(...keys))
}

async function remember(state: StateKey): Promise<() => Promise<void>> {
  const keys = await keysIn(state)
  const dumps = await client.run(redis => Promise.all(keys.map(key => redis.dumpBuffer(key))))
  return async () => {
    await lose(state)
    for (const [index, key] of keys.entries())
      await client.run(redis => redis.restore(key, 0, dumps[index] as Buffer))
  }
}
