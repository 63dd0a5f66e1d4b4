import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { type Checkpoint, NOTHING, SlotCheckpoints } from '../../../lib/adapters/redis/checkpoint.ts'
import { RedisClient } from '../../../lib/adapters/redis/client.ts'
import { RedisStateStore } from '../../../lib/adapters/redis/state-store.ts'
import type { Change, RememberedId, Slot, StoredTimer } from '../../../lib/pipeline/ports.ts'
import { changeOf, versionAt } from '../../support/changes.ts'
import { redisUrl } from '../../support/servers.ts'
import { NOTHING_WANTED } from '../../support/wanted.ts'

const HOUR = 3_600_000
const client = new RedisClient({ url: redisUrl() })
const store = new RedisStateStore(client)
const checkpoints = new SlotCheckpoints(client)
const opened: RedisClient[] = [client]
after(() => opened.map(one => one.close()))

describe('a checkpoint of a slot', () => {
  it('given all that a slot can hold, when it is emptied and put back, then it is the same to the letter', async () => {
    const slot = await filledSlot()
    const wanted = {
      ...NOTHING_WANTED,
      entities: ['e 0', 'e 599', 'grün 🌡'],
      ids: Array.from({ length: 600 }, (_, index) => idOf(index, 0).id),
      failures: ['failed'],
      span: { firstAppendMs: 10 * HOUR, advanceMs: 10 * HOUR },
    }
    const [before, loaded] = [await taken(slot), await store.load(slot, wanted)]
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

    await checkpoints.put(slot, NOTHING)
    assert.deepEqual(await taken(slot), { ...NOTHING, version: { epoch: 1, mark: -1, fired: 0 } })
    assert.deepEqual(await keysIn(slot), ['meta'])

    assert.deepEqual(await checkpoints.put(slot, before), { epoch: 2, mark: -1 })
    const version = { ...before.version, epoch: 2 }
    assert.deepEqual(sorted(await taken(slot)), sorted({ ...before, version }))
    assert.deepEqual(await store.load(slot, wanted), { ...loaded, version })
    assert.equal((await keysIn(slot)).filter(key => key.startsWith('stag')).length, 0)
  })

  it('given ids that the first commit remembers and that are too old already, when the slot is emptied, then nothing of them is left', async () => {
    const slot = newSlot()
    const ids = [idOf(1, 0), idOf(2, 9 * HOUR)]
    await store.commit(slot, change(-1, { mark: 0, ids, clock: clockAt(9 * HOUR) }))
    assert.equal((await taken(slot)).ids.length, 1)
    await checkpoints.put(slot, NOTHING)
    assert.deepEqual(await keysIn(slot), ['meta'])
  })

  it('given a consumer that goes on while it is taken, then all of it is of one moment', async () => {
    const slot = newSlot()
    const writer = new Writer(slot)
    await writer.write()
    for (const busyCalls of [1, 3, 8, 17]) {
      const busy = new Interrupted(async calls => {
        if (calls <= busyCalls) await writer.write()
      })
      const { version, states, timers, ids, tally } = await taken(slot, new SlotCheckpoints(busy))
      assert.equal(version.mark, writer.mark)
      assert.deepEqual(new Set(states.values()), new Set([String(version.mark)]))
      assert.deepEqual(
        [...timers.values()].flat().map(({ dueMs }) => dueMs),
        [version.mark],
      )
      assert.deepEqual([ids.length, tally['applied/counted']], [version.mark + 1, version.mark + 1])
    }
  })

  it('given a consumer that never rests, then it says so instead of a mixture', async () => {
    const writer = new Writer(newSlot())
    const busy = new Interrupted(() => writer.write())
    assert.equal(await new SlotCheckpoints(busy).take(writer.slot), 'moving')
  })
})

describe('putting a checkpoint back', () => {
  it('given ids that share a bucket, then they are in it in the order in which they were', async () => {
    const slot = newSlot()
    for (const mark of [0, 1, 2]) {
      const own = { id: `ab${mark}`.padEnd(12, '.'), digest: 'd'.repeat(8), appliedAtMs: mark }
      await store.commit(slot, change(mark - 1, { mark, ids: [own] }))
    }
    const before = await taken(slot)
    assert.deepEqual(
      before.ids.map(({ appliedAtMs }) => appliedAtMs),
      [2, 1, 0],
    )
    await checkpoints.put(slot, before)
    assert.deepEqual((await taken(slot)).ids, before.ids)
  })

  it('given an invocation in flight, then its commit is refused, though the slot stands at the mark that it started from', async () => {
    for (const put of [NOTHING, undefined]) {
      const slot = newSlot()
      const base = (await store.load(slot, NOTHING_WANTED)).version
      await checkpoints.put(slot, put ?? (await taken(slot)))
      assert.equal((await store.load(slot, NOTHING_WANTED)).version.mark, base.mark)
      assert.equal(await store.commit(slot, { ...change(-1, { mark: 0 }), base }), 'refused')
      assert.equal(
        await store.commit(slot, { ...change(-1, { mark: 0 }), base: { ...base, epoch: 1 } }),
        'committed',
      )
    }
  })

  it('given a slot that is gone with its epoch, then the epoch rises above that of the checkpoint', async () => {
    const slot = newSlot()
    const version = { epoch: 7, mark: 3, fired: 0 }
    assert.equal((await checkpoints.put(slot, { ...NOTHING, version })).epoch, 8)
  })

  for (const [moment, after] of [
    ['while it is laid ready', 2],
    ['before the switch', 4],
  ] as const)
    it(`given a failure ${moment}, then the slot is what it was, and the next attempt clears up`, async () => {
      const slot = await filledSlot()
      const before = await taken(slot)
      const broken = new Interrupted(async calls => {
        if (calls > after) throw new Error('gone')
      })
      await assert.rejects(new SlotCheckpoints(broken).put(slot, before), /gone/)
      assert.deepEqual(await taken(slot), before)
      assert.ok((await keysIn(slot)).some(key => key.startsWith('staged:')))
      await checkpoints.put(slot, NOTHING)
      assert.deepEqual(await keysIn(slot), ['meta'])
    })

  it('given a second attempt while one is laying ready, then the first is refused and only the second is there', async () => {
    const slot = await filledSlot()
    const before = await taken(slot)
    const slow = new Interrupted(async calls => {
      if (calls === 3) await checkpoints.put(slot, NOTHING)
    })
    await assert.rejects(new SlotCheckpoints(slow).put(slot, before), { why: 'overtaken' })
    assert.deepEqual(await keysIn(slot), ['meta'])
  })

  it('given a server that has lost a part of what was laid ready, then the slot is what it was', async () => {
    const slot = await filledSlot()
    const before = await taken(slot)
    const lossy = new Interrupted(async calls => {
      if (calls === 5) await client.run(redis => redis.del(`${tagOf(slot)}:staged:outbox`))
    })
    await assert.rejects(new SlotCheckpoints(lossy).put(slot, before), { why: 'incomplete' })
    assert.deepEqual(await taken(slot), before)
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

/** Each of its commits changes every part of the slot. */
class Writer {
  readonly slot: Slot
  mark = -1

  constructor(slot: Slot) {
    this.slot = slot
  }

  async write(): Promise<void> {
    const mark = this.mark + 1
    const states = new Map(Array.from({ length: 50 }, (_, index) => [`e ${index}`, String(mark)]))
    const written = change(this.mark, {
      mark,
      states,
      timers: new Map([['e 0', [timer(mark)]]]),
      ids: [idOf(mark, mark)],
      tally: new Map([['applied/counted', 1]]),
    })
    assert.equal(await store.commit(this.slot, written), 'committed')
    this.mark = mark
  }
}

async function taken(slot: Slot, from = checkpoints): Promise<Checkpoint> {
  const checkpoint = await from.take(slot)
  assert.ok(checkpoint !== 'moving')
  return checkpoint
}

/** In an order that does not depend on how the server has laid it out. */
function sorted({ states, ids, ...rest }: Checkpoint) {
  return {
    ...rest,
    states: new Map([...states].sort(([a], [b]) => (a < b ? -1 : 1))),
    ids: [...ids].sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
}

/** More than one page of states and of ids in two generations, and some of everything else. */
async function filledSlot(): Promise<Slot> {
  const slot = newSlot()
  const entities = [...Array.from({ length: 600 }, (_, index) => `e ${index}`), 'grün 🌡']
  for (const [mark, entity] of [
    [0, 'first'],
    [1, 'second'],
  ] as const)
    await store.commit(
      slot,
      change(mark - 1, {
        mark,
        fired: 0,
        emitted: mark,
        clock: clockAt((mark + 1) * 0.9 * HOUR),
        states: new Map(entities.map(name => [name, JSON.stringify({ entity, text: '☃' })])),
        timers: new Map([['e 0', [timer(5 * HOUR), { ...timer(4 * HOUR), name: 'other' }]]]),
        ids: Array.from({ length: 300 }, (_, index) => idOf(mark * 300 + index, (mark + 1) * 0.9 * HOUR)),
        outbox: [
          {
            position: `0.${mark}`,
            to: 'events',
            key: 'k',
            event: { id: String(mark), source: '/s', type: 't' },
          },
        ],
        failures: [
          {
            id: 'failed',
            partition: 0,
            offset: 0,
            attempt: mark + 1,
            digest: 'd',
            isOpen: true,
            firstFailedAt: '2026-03-01T12:00:00Z',
            failedAtMs: (mark + 1) * 0.9 * HOUR,
          },
        ],
        tally: new Map([['applied/counted', 300]]),
      }),
    )
  return slot
}

function change(baseMark: number, parts: Partial<Change>): Change {
  return changeOf({ base: versionAt(baseMark), clock: clockAt(1000), ...parts })
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

function newSlot(): Slot {
  return { consumer: 'checkpointed', topic: randomUUID(), partition: 0 }
}

function tagOf({ consumer, topic, partition }: Slot): string {
  return `{${consumer}:${topic}:${partition}}`
}

/** The last parts of all keys of the slot. */
async function keysIn(slot: Slot): Promise<string[]> {
  const tag = tagOf(slot)
  const keys = await client.run(redis => redis.keys(`${tag}:*`))
  return keys.map(key => key.slice(tag.length + 1)).sort()
}
