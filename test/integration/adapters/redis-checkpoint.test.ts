import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import {
  type Checkpoint,
  NOTHING,
  StateCheckpoints,
} from '../../../packages/runtime/adapters/redis/checkpoint.ts'
import { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisStateStore } from '../../../packages/runtime/adapters/redis/state-store.ts'
import { derivedId } from '../../../packages/runtime/consumer/derived-id.ts'
import type { Change, RememberedId, StateKey, StoredTimer } from '../../../packages/runtime/pipeline/model.ts'
import { NOTHING_WANTED } from '../../../packages/runtime/testing/wanted.ts'
import { changeOf, versionAt } from '../../support/changes.ts'
import { redisUrl } from '../../support/servers.ts'

const HOUR = 3_600_000
const FAILED = derivedId('failed')
const client = new RedisClient({ url: redisUrl() })
const store = new RedisStateStore(client)
const checkpoints = new StateCheckpoints(client)
const opened: RedisClient[] = [client]
after(() => opened.map(one => one.close()))

describe('a checkpoint of a partition state', () => {
  it('given a full partition state, when it is emptied and restored, then it is exactly the same', async () => {
    const stateKey = await filledState()
    const wanted = {
      ...NOTHING_WANTED,
      entities: ['e 0', 'e 599', 'grün 🌡'],
      ids: Array.from({ length: 600 }, (_, index) => idOf(index, 0).id),
      failures: [{ id: FAILED, producerGroup: 3 }],
      span: { firstAppendMs: 10 * HOUR, advanceMs: 10 * HOUR },
    }
    const [before, loaded] = [await taken(stateKey), await store.load(stateKey, wanted)]
    assert.deepEqual(
      [
        before.states.size,
        before.timers.size,
        before.outbox.length,
        before.ids.length,
        before.failures.length,
      ],
      [601, 1, 2, 600, 1],
    )
    assert.equal(before.tally['applied/counted'], 600)

    await checkpoints.put(stateKey, NOTHING)
    assert.deepEqual(await taken(stateKey), {
      ...NOTHING,
      version: { epoch: 1, appliedOffset: -1, fired: 0 },
    })
    assert.deepEqual(await keysIn(stateKey), ['meta'])

    assert.deepEqual(await checkpoints.put(stateKey, before), { epoch: 2, appliedOffset: -1 })
    const version = { ...before.version, epoch: 2 }
    assert.deepEqual(sorted(await taken(stateKey)), sorted({ ...before, version }))
    // A checkpoint has only the last attempt of the failure.
    const failureMemory = { ...loaded.failureMemory, bytes: loaded.failureMemory.bytes - 64 }
    assert.deepEqual(await store.load(stateKey, wanted), { ...loaded, version, failureMemory })
    assert.equal((await keysIn(stateKey)).filter(key => key.startsWith('stag')).length, 0)
  })

  it('given what the log has set for the partition, then it is exported, removed and restored with it', async () => {
    const stateKey = newStateKey()
    const context = { hash: 'one', json: JSON.stringify({ rules: 'x'.repeat(1_000_000) }) }
    await store.commit(stateKey, change(-1, { appliedOffset: 0, context }))
    const before = await taken(stateKey)
    assert.deepEqual(before.context, context)
    await checkpoints.put(stateKey, NOTHING)
    assert.deepEqual(await keysIn(stateKey), ['meta'])
    await checkpoints.put(stateKey, before)
    const wanted = { ...NOTHING_WANTED, contexts: [] }
    assert.deepEqual((await store.load(stateKey, wanted)).context, context)
  })

  it('given remembered ids that are too old, when the state is emptied, then all are removed', async () => {
    const stateKey = newStateKey()
    const ids = [idOf(1, 0), idOf(2, 9 * HOUR)]
    await store.commit(stateKey, change(-1, { appliedOffset: 0, ids, clock: clockAt(9 * HOUR) }))
    assert.equal((await taken(stateKey)).ids.length, 1)
    await checkpoints.put(stateKey, NOTHING)
    assert.deepEqual(await keysIn(stateKey), ['meta'])
  })

  it('given a consumer that continues while it is taken, then all of it is of one moment', async () => {
    const stateKey = newStateKey()
    const writer = new Writer(stateKey)
    await writer.write()
    for (const busyCalls of [1, 3, 8, 17]) {
      const busy = new Interrupted(async calls => {
        if (calls <= busyCalls) await writer.write()
      })
      const { version, states, timers, ids, tally } = await taken(stateKey, new StateCheckpoints(busy))
      assert.equal(version.appliedOffset, writer.appliedOffset)
      assert.deepEqual(new Set(states.values()), new Set([String(version.appliedOffset)]))
      assert.deepEqual(
        [...timers.values()].flat().map(({ dueMs }) => dueMs),
        [version.appliedOffset],
      )
      assert.deepEqual(
        [ids.length, tally['applied/counted']],
        [version.appliedOffset + 1, version.appliedOffset + 1],
      )
    }
  })

  it('given a consumer that never rests, then it says so instead of a mixture', async () => {
    const writer = new Writer(newStateKey())
    const busy = new Interrupted(() => writer.write())
    assert.equal(await new StateCheckpoints(busy).take(writer.stateKey), 'moving')
  })
})

describe('putting a checkpoint back', () => {
  it('given ids that share a bucket, then they are in it in the order in which they were', async () => {
    const stateKey = newStateKey()
    for (const appliedOffset of [0, 1, 2]) {
      const own = {
        id: `ab${appliedOffset}`.padEnd(12, '.'),
        digest: 'd'.repeat(8),
        appliedAtMs: appliedOffset,
      }
      await store.commit(stateKey, change(appliedOffset - 1, { appliedOffset, ids: [own] }))
    }
    const before = await taken(stateKey)
    assert.deepEqual(
      before.ids.map(({ appliedAtMs }) => appliedAtMs),
      [2, 1, 0],
    )
    await checkpoints.put(stateKey, before)
    assert.deepEqual((await taken(stateKey)).ids, before.ids)
  })

  it('given more ids than a bucket takes, when the state is emptied and restored, then each is known', async () => {
    const stateKey = newStateKey()
    const idsOf = (appliedOffset: number) =>
      Array.from({ length: 400 }, (_, index) => ({
        id: `ab${appliedOffset * 300 + index}`.padEnd(12, '.'),
        digest: 'd'.repeat(8),
        appliedAtMs: appliedOffset,
      }))
    for (const appliedOffset of [0, 1, 2])
      await store.commit(stateKey, change(appliedOffset - 1, { appliedOffset, ids: idsOf(appliedOffset) }))
    const wanted = { ...NOTHING_WANTED, ids: [0, 1, 2].flatMap(idsOf).map(({ id }) => id) }
    const [before, { known }] = [await taken(stateKey), await store.load(stateKey, wanted)]
    assert.equal(before.ids.length, 1000)
    await checkpoints.put(stateKey, NOTHING)
    assert.deepEqual(await keysIn(stateKey), ['meta'])
    await checkpoints.put(stateKey, before)
    assert.deepEqual((await store.load(stateKey, wanted)).known, known)
    assert.equal(known.size, 1000)
  })

  it('given an invocation in flight, then its commit is refused although the applied offset is the same', async () => {
    for (const put of [NOTHING, undefined]) {
      const stateKey = newStateKey()
      const base = (await store.load(stateKey, NOTHING_WANTED)).version
      await checkpoints.put(stateKey, put ?? (await taken(stateKey)))
      assert.equal((await store.load(stateKey, NOTHING_WANTED)).version.appliedOffset, base.appliedOffset)
      assert.equal(await store.commit(stateKey, { ...change(-1, { appliedOffset: 0 }), base }), 'refused')
      assert.equal(
        await store.commit(stateKey, { ...change(-1, { appliedOffset: 0 }), base: { ...base, epoch: 1 } }),
        'committed',
      )
    }
  })

  it("given a partition state gone with its epoch, then the epoch rises above the checkpoint's", async () => {
    const stateKey = newStateKey()
    const version = { epoch: 7, appliedOffset: 3, fired: 0 }
    const replaced = await checkpoints.put(stateKey, { ...NOTHING, version })
    assert.deepEqual(replaced, { epoch: 8, appliedOffset: -1 })
  })

  for (const [moment, after] of [
    ['while it is prepared', 2],
    ['before the switch', 4],
  ] as const)
    it(`given a failure ${moment}, then the state is unchanged, and the next attempt cleans up`, async () => {
      const stateKey = await filledState()
      const before = await taken(stateKey)
      const broken = new Interrupted(async calls => {
        if (calls > after) throw new Error('gone')
      })
      await assert.rejects(new StateCheckpoints(broken).put(stateKey, before), /gone/)
      assert.deepEqual(await taken(stateKey), before)
      assert.ok((await keysIn(stateKey)).some(key => key.startsWith('next:')))
      await checkpoints.put(stateKey, NOTHING)
      assert.deepEqual(await keysIn(stateKey), ['meta'])
    })

  it('given a second attempt while one is staging, then the first is refused and only the second is there', async () => {
    const stateKey = await filledState()
    const before = await taken(stateKey)
    const slow = new Interrupted(async calls => {
      if (calls === 3) await checkpoints.put(stateKey, NOTHING)
    })
    await assert.rejects(new StateCheckpoints(slow).put(stateKey, before), { why: 'overtaken' })
    assert.deepEqual(await keysIn(stateKey), ['meta'])
  })

  it('given a second attempt just before the switch of the first, then the first is refused', async () => {
    const stateKey = newStateKey()
    await store.commit(stateKey, change(-1, { appliedOffset: 0 }))
    const before = await taken(stateKey)
    let last = 0
    const counted = new Interrupted(async calls => {
      last = calls
    })
    await new StateCheckpoints(counted).put(stateKey, before)
    const slow = new Interrupted(async calls => {
      if (calls === last) await checkpoints.put(stateKey, NOTHING)
    })
    await assert.rejects(new StateCheckpoints(slow).put(stateKey, before), { why: 'overtaken' })
    assert.deepEqual(await keysIn(stateKey), ['meta'])
  })

  it('given a server that has lost a part of the prepared state, then the partition state is what it was', async () => {
    const stateKey = await filledState()
    const before = await taken(stateKey)
    const lossy = new Interrupted(async () => {
      await client.run(redis => redis.del(`${tagOf(stateKey)}:next:outbox`))
    })
    await assert.rejects(new StateCheckpoints(lossy).put(stateKey, before), { why: 'incomplete' })
    assert.deepEqual(await taken(stateKey), before)
  })
})

/** A client to whom something happens before each of its calls, which are counted. */
class Interrupted extends RedisClient {
  readonly #before: (calls: number) => Promise<void>
  #calls = 0

  constructor(before: (calls: number) => Promise<void>) {
    super({ url: redisUrl() })
    this.#before = before
    opened.push(this)
  }

  override async run<T>(...[command]: Parameters<typeof client.run<T>>): Promise<T> {
    this.#calls += 1
    await this.#before(this.#calls)
    return super.run(command)
  }
}

/** Each of its commits changes every part of the partition state. */
class Writer {
  readonly stateKey: StateKey
  appliedOffset = -1

  constructor(stateKey: StateKey) {
    this.stateKey = stateKey
  }

  async write(): Promise<void> {
    const appliedOffset = this.appliedOffset + 1
    const states = new Map(Array.from({ length: 50 }, (_, index) => [`e ${index}`, String(appliedOffset)]))
    const written = change(this.appliedOffset, {
      appliedOffset,
      states,
      timers: new Map([['e 0', [timer(appliedOffset)]]]),
      ids: [idOf(appliedOffset, appliedOffset)],
      tally: new Map([['applied/counted', 1]]),
    })
    assert.equal(await store.commit(this.stateKey, written), 'committed')
    this.appliedOffset = appliedOffset
  }
}

async function taken(stateKey: StateKey, from = checkpoints): Promise<Checkpoint> {
  const checkpoint = await from.take(stateKey)
  assert.ok(checkpoint !== 'moving')
  return checkpoint
}

/** Sorts the parts, so that the server's layout has no influence. */
function sorted({ states, ids, ...rest }: Checkpoint) {
  return {
    ...rest,
    states: new Map([...states].sort(([a], [b]) => (a < b ? -1 : 1))),
    ids: [...ids].sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
}

/** More than one page of states and of ids in two generations, and some of everything else. */
async function filledState(): Promise<StateKey> {
  const stateKey = newStateKey()
  const entities = [...Array.from({ length: 600 }, (_, index) => `e ${index}`), 'grün 🌡']
  for (const [appliedOffset, entity] of [
    [0, 'first'],
    [1, 'second'],
  ] as const)
    await store.commit(
      stateKey,
      change(appliedOffset - 1, {
        appliedOffset,
        fired: 0,
        emitted: appliedOffset,
        clock: clockAt((appliedOffset + 1) * 0.9 * HOUR),
        states: new Map(entities.map(name => [name, JSON.stringify({ entity, text: '☃' })])),
        timers: new Map([['e 0', [timer(5 * HOUR), { ...timer(4 * HOUR), name: 'other' }]]]),
        ids: Array.from({ length: 300 }, (_, index) =>
          idOf(appliedOffset * 300 + index, (appliedOffset + 1) * 0.9 * HOUR),
        ),
        outbox: [
          {
            position: `0.${appliedOffset}`,
            to: 'events',
            key: 'k',
            event: { id: String(appliedOffset), source: '/s', type: 't' },
          },
        ],
        failures: [
          {
            id: FAILED,
            partition: 0,
            offset: 0,
            attempt: appliedOffset + 1,
            digest: 'digestdigestdige',
            producerGroup: 3,
            isOpen: true,
            firstFailedAt: '2026-03-01T12:00:00.000Z',
            failedAtMs: (appliedOffset + 1) * 0.9 * HOUR,
          },
        ],
        tally: new Map([['applied/counted', 300]]),
      }),
    )
  return stateKey
}

function change(baseAppliedOffset: number, parts: Partial<Change>): Change {
  return changeOf({ base: versionAt(baseAppliedOffset), clock: clockAt(1000), ...parts })
}

function clockAt(nowMs: number) {
  const lastAppendMs = Date.parse('2026-03-01T12:00:00Z') + nowMs
  return { nowMs, lastAppendMs, highestAppendMs: lastAppendMs + 5 }
}

function idOf(number: number, appliedAtMs: number): RememberedId {
  const bytes = Buffer.alloc(20)
  bytes.writeUInt32BE(Math.imul(number + 1, 2_654_435_761) >>> 0)
  bytes.writeUInt32BE(number, 8)
  const text = bytes.toString('latin1')
  return { id: text.slice(0, 12), digest: text.slice(12), appliedAtMs }
}

function timer(dueMs: number): StoredTimer {
  return { name: 'silence', dueMs, thresholdMs: dueMs, id: 'i', trace: {} }
}

function newStateKey(): StateKey {
  return { consumer: 'checkpointed', topic: randomUUID(), partition: 0 }
}

function tagOf({ consumer, topic, partition }: StateKey): string {
  return `{${consumer}:${topic}:${partition}}`
}

/** The last parts of all keys of the partition state. */
async function keysIn(stateKey: StateKey): Promise<string[]> {
  const tag = tagOf(stateKey)
  const keys = await client.run(redis => redis.keys(`${tag}:*`))
  return keys.map(key => key.slice(tag.length + 1)).sort()
}
