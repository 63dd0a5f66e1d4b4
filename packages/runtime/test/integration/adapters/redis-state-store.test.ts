import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { redisUrl } from '@sluice/test-kit/servers'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { buildKeys, type PartitionStateKeys } from '../../../adapters/redis/keys.ts'
import { StateInspection } from '../../../adapters/redis/state-inspection.ts'
import { RedisStateStore } from '../../../adapters/redis/state-store.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import type { StateKey } from '../../../pipeline/model/partition-state.ts'
import type { Change } from '../../../pipeline/model/snapshot.ts'
import { formatState } from '../../../pipeline/model/stored-state.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { conformsAsStateStore } from '../../conformance/state-store.ts'
import { createChange, versionAt } from '../../support/changes.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const store = new RedisStateStore(client)
conformsAsStateStore('Redis', () => store)

it('given a server that does not answer, then each call is rejected as unavailable, within seconds', async () => {
  const nobody = new RedisClient({ url: 'redis://127.0.0.1:1', commandTimeoutMs: 300 })
  try {
    const away = new RedisStateStore(nobody)
    const stateKey = { consumer: 'c', topic: 't', partition: 0 }
    await assert.rejects(away.load(stateKey, EMPTY_SELECTION), Unavailable)
    await assert.rejects(away.trimOutbox(stateKey, ['p']), Unavailable)
  } finally {
    nobody.close()
  }
})

it('given ids that a producer made to share a bucket, then no value that holds them exceeds a bound', async () => {
  const stateKey = { consumer: 'c', topic: `topic-${randomUUID()}`, partition: 0 }
  for (let appliedOffset = 0; appliedOffset < 6; appliedOffset += 1) {
    const ids = Array.from({ length: 500 }, (_, index) => ({
      id: `ab${appliedOffset * 500 + index}`.padEnd(12, '.'),
      digest: 'd'.repeat(8),
      appliedAtMs: 0,
    }))
    await store.commit(stateKey, createChange({ base: versionAt(appliedOffset - 1), appliedOffset, ids }))
  }
  const { ids: key } = buildKeys(stateKey)
  const longest = await client.run(async redis => {
    const values = [...(await redis.hvals(`${key}:0`)), ...(await redis.hvals(`${key}:0:more`))]
    return Math.max(...values.map(value => Buffer.byteLength(value)))
  })
  // One commit, and nothing once the bucket is full: 24 bytes an id.
  assert.ok(longest <= (256 + 500) * 24, `${longest} bytes`)
  const clock = { nowMs: 48 * 3_600_000, lastAppendMs: 1, highestAppendMs: 1 }
  await store.commit(stateKey, createChange({ base: versionAt(5), appliedOffset: 6, clock }))
  const left = await client.run(redis => redis.exists(`${key}:0`, `${key}:0:more`))
  assert.equal(left, 0, 'ids outside the window are removed, those beyond a full bucket too')
  const { version } = await store.load(stateKey, EMPTY_SELECTION)
  assert.equal(version.appliedOffset, 6, 'removed ids do not count as evicted')
})

// Promise docs/guarantees.md#what-an-operator-must-know
describe('a server that has evicted a part of a partition state', () => {
  const HOUR_MS = 3_600_000
  /** Fills a state with two commits, so that every part has contents, and one id is in a generation before the present one. */
  async function filled(): Promise<StateKey> {
    const stateKey = { consumer: 'evicted', topic: randomUUID(), partition: 0 }
    const timer = { name: 't', dueMs: 1, thresholdMs: 9 * HOUR_MS, id: 'i', trace: {} }
    const part = (n: number, nowMs: number) => ({
      clock: { nowMs, lastAppendMs: 1, highestAppendMs: 1 },
      states: new Map([[`e${n}`, '1']]),
      timers: new Map([[`e${n}`, [timer]]]),
      ids: [{ id: `${n}`.repeat(12), digest: '*'.repeat(8), appliedAtMs: nowMs }],
    })
    await store.commit(stateKey, createChange(part(0, HOUR_MS - 1)))
    await store.commit(stateKey, createChange({ ...part(1, HOUR_MS), base: versionAt(0), appliedOffset: 1 }))
    return stateKey
  }
  const commit = (stateKey: StateKey) =>
    store.commit(stateKey, createChange({ base: versionAt(1), appliedOffset: 2 }))
  const gone: [part: string, key: (keys: PartitionStateKeys) => string][] = [
    ['states', ({ states }) => states],
    ['timers', ({ timers }) => timers],
    ['timers', ({ due }) => due],
    ['ids', ({ ids }) => `${ids}:0`],
    ['ids', ({ ids }) => `${ids}:1`],
  ]
  for (const [part, keyOf] of gone)
    it(`given ${keyOf(buildKeys({ consumer: 'c', topic: 't', partition: 0 }))} gone, then nothing is loaded or committed`, async () => {
      const stateKey = await filled()
      await client.run(redis => redis.del(keyOf(buildKeys(stateKey))))
      const told = { name: 'PartitionStopped', code: 'state-evicted', message: new RegExp(`\\(${part}\\)`) }
      await assert.rejects(store.load(stateKey, EMPTY_SELECTION), told)
      await assert.rejects(commit(stateKey), told)
    })

  it('given meta gone, and states or timers left, then the partition state does not pass for an empty one', async () => {
    const told = { code: 'state-evicted', message: /\(meta\)/ }
    const stateKey = await filled()
    const { meta, states } = buildKeys(stateKey)
    for (const gone of [meta, states]) {
      await client.run(redis => redis.del(gone))
      await assert.rejects(store.load(stateKey, EMPTY_SELECTION), told)
      await assert.rejects(store.commit(stateKey, createChange()), told)
    }
  })

  it('given meta gone, and only ids left, then it is taken as it is, now and after the next commit', async () => {
    const stateKey = { consumer: 'evicted', topic: randomUUID(), partition: 0 }
    const ids = [{ id: '0'.repeat(12), digest: '*'.repeat(8), appliedAtMs: 0 }]
    await store.commit(stateKey, createChange({ ids }))
    await client.run(redis => redis.del(buildKeys(stateKey).meta))
    await store.commit(stateKey, createChange())
    assert.equal((await store.load(stateKey, EMPTY_SELECTION)).version.appliedOffset, 0)
  })

  it('given all of it gone, or a part that held nothing, then it is taken as it is', async () => {
    const stateKey = await filled()
    const { meta, states, timers, due, outbox, ids } = buildKeys(stateKey)
    await client.run(redis => redis.del(outbox))
    assert.equal((await store.load(stateKey, EMPTY_SELECTION)).version.appliedOffset, 1)
    await client.run(redis => redis.del(meta, states, timers, due, `${ids}:0`, `${ids}:1`))
    assert.equal((await store.load(stateKey, EMPTY_SELECTION)).version.appliedOffset, -1)
  })
})

it('given a state of a later version, then it comes back with it, and people are shown both', async () => {
  const stateKey = { consumer: 'versions', topic: randomUUID(), partition: 0 }
  const stored = formatState('{"count":1}', 2)
  await store.commit(stateKey, createChange({ states: new Map([['e', stored]]) }))
  const { states } = await store.load(stateKey, { ...EMPTY_SELECTION, entities: ['e'] })
  assert.equal(states.get('e'), stored)
  const inspection = new StateInspection(client)
  assert.deepEqual(await inspection.state(stateKey, 'e'), { count: 1 })
  for await (const shown of inspection.states(stateKey)) assert.deepEqual(shown, ['e', { count: 1 }, 2])
})

it('given ids beyond a full bucket that the server has evicted, then nothing is loaded or committed', async () => {
  const stateKey = { consumer: 'evicted', topic: randomUUID(), partition: 0 }
  const idsAt = (appliedOffset: number) =>
    Array.from({ length: 256 }, (_, index) => ({
      id: `ab${appliedOffset * 256 + index}`.padEnd(12, '.'),
      digest: 'd'.repeat(8),
      appliedAtMs: 0,
    }))
  await store.commit(stateKey, createChange({ ids: idsAt(0) }))
  await store.commit(stateKey, createChange({ base: versionAt(0), appliedOffset: 1, ids: idsAt(1) }))
  assert.equal((await store.load(stateKey, EMPTY_SELECTION)).version.appliedOffset, 1)
  const removed = await client.run(redis => redis.del(`${buildKeys(stateKey).ids}:0:more`))
  assert.equal(removed, 1)
  const told = { code: 'state-evicted', message: /\(ids\)/ }
  await assert.rejects(store.load(stateKey, EMPTY_SELECTION), told)
  await assert.rejects(store.commit(stateKey, createChange({ base: versionAt(1), appliedOffset: 2 })), told)
})

describe('failures that the server has evicted', () => {
  const failure = {
    id: 'AAECAwQFBgcICQoLDA0ODw',
    partition: 0,
    offset: 0,
    attempt: 1,
    digest: 'AAECAwQFBgcICQoL',
    producerGroup: 5,
    isOpen: true,
    firstFailedAt: '2026-03-01T12:00:00.000Z',
    failedAtMs: 0,
  }
  const wanted = { ...EMPTY_SELECTION, failures: [failure] }
  const failed = async (change: Partial<Change> = {}) => {
    const stateKey = { consumer: 'evicted', topic: randomUUID(), partition: 0 }
    await store.commit(stateKey, createChange({ failures: [failure], ...change }))
    return stateKey
  }

  it('then their memory is counted anew', async () => {
    const stateKey = await failed()
    const memory = async () => (await store.load(stateKey, EMPTY_SELECTION)).failureMemory
    const { bytes } = await memory()
    assert.ok(bytes > 0)
    await client.run(redis => redis.del(buildKeys(stateKey).failures))
    const limit = { failureBytes: bytes - 1 }
    await store.commit(stateKey, createChange({ base: versionAt(0), appliedOffset: 1, ...limit }))
    assert.deepEqual(await memory(), { bytes: 0, forgotten: 0 })
    assert.equal((await store.load(stateKey, EMPTY_SELECTION)).failuresFromMs, 2)
  })

  for (const part of ['', ':5:1'])
    it(`given those in \`failures${part}\`, then it is not known whether one was remembered, now and later`, async () => {
      const stateKey = await failed()
      assert.equal((await store.load(stateKey, wanted)).failuresFromMs, 1)
      await client.run(redis => redis.del(`${buildKeys(stateKey).failures}${part}`))
      assert.equal((await store.load(stateKey, wanted)).failuresFromMs, undefined)
      const another = { ...failure, id: 'BBECAwQFBgcICQoLDA0ODw' }
      await store.commit(
        stateKey,
        createChange({ base: versionAt(0), appliedOffset: 1, failures: [another] }),
      )
      assert.equal((await store.load(stateKey, wanted)).failuresFromMs, 2)
    })
})
