/** The behaviour that every implementation of `StateStore` has. Each store's own test runs this suite on a store of its own. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type {
  Change,
  LogClock,
  OutboxEntry,
  RememberedId,
  Slot,
  StateStore,
} from '../../lib/pipeline/ports.ts'

const WINDOW = 3_600_000
const NOTHING = { entities: [], ids: [], idWindowMs: WINDOW }

export function conformsAsStateStore(name: string, store: () => StateStore): void {
  describe(`${name} as a state store`, () => {
    it('given nothing, then a slot has no mark, no clock, no states and an empty outbox', async () => {
      const snapshot = await store().load(newSlot(), { ...NOTHING, entities: ['e'], ids: [id('a').id] })
      assert.deepEqual(snapshot, {
        version: { epoch: 0, mark: -1 },
        clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
        states: new Map(),
        known: new Map(),
        outbox: [],
      })
    })

    it('given a commit, then everything of it is there at once', async () => {
      const slot = newSlot()
      const change = changeOf({
        mark: 7,
        clock: { nowMs: 1234, lastAppendMs: 1_772_366_400_000, highestAppendMs: 1_772_366_400_500 },
        states: new Map([['e 1', '{"count":1,"text":"grün 🌡"}']]),
        ids: [id('a', 1234)],
        outbox: [entry('0.7.0')],
      })
      assert.equal(await store().commit(slot, change), 'committed')
      assert.deepEqual(
        await store().load(slot, { ...NOTHING, entities: ['e 1', 'e 2'], ids: [id('b').id, id('a').id] }),
        {
          version: { epoch: 0, mark: 7 },
          clock: change.clock,
          states: change.states,
          known: new Map([[id('a').id, id('a', 1234)]]),
          outbox: change.outbox,
        },
      )
    })

    it('given another version, then a commit is refused and changes nothing', async () => {
      const slot = newSlot()
      await store().commit(slot, changeOf({ mark: 3, states: new Map([['e', '1']]) }))
      const before = await store().load(slot, { ...NOTHING, entities: ['e'] })
      const stale = { states: new Map([['e', '2']]), outbox: [entry('0.4.0')], ids: [id('a')] }
      for (const base of [
        { epoch: 0, mark: -1 },
        { epoch: 0, mark: 2 },
        { epoch: 0, mark: 4 },
        { epoch: 1, mark: 3 },
      ])
        assert.equal(await store().commit(slot, changeOf({ ...stale, base, mark: 5 })), 'refused')
      assert.deepEqual(await store().load(slot, { ...NOTHING, entities: ['e'], ids: [id('a').id] }), before)
    })

    it('given two commits of the same version at once, then exactly one is taken', async () => {
      const slot = newSlot()
      const both = ['1', '2'].map(state =>
        store().commit(slot, changeOf({ mark: 0, states: new Map([['e', state]]) })),
      )
      assert.deepEqual((await Promise.all(both)).sort(), ['committed', 'refused'])
    })

    it('given a state that is null, then the entity is forgotten', async () => {
      const slot = newSlot()
      await store().commit(
        slot,
        changeOf({
          mark: 0,
          states: new Map([
            ['e', '1'],
            ['f', '2'],
          ]),
        }),
      )
      await store().commit(
        slot,
        changeOf({ base: { epoch: 0, mark: 0 }, mark: 1, states: new Map([['e', null]]) }),
      )
      const { states } = await store().load(slot, { ...NOTHING, entities: ['e', 'f'] })
      assert.deepEqual(states, new Map([['f', '2']]))
    })

    it('given several commits, then the outbox comes back in the order of its positions', async () => {
      const slot = newSlot()
      const late = entry('0.0000000000000010.0000')
      const early = [entry('0.0000000000000002.0000'), entry('0.0000000000000002.0001')]
      await store().commit(slot, changeOf({ mark: 2, outbox: early }))
      await store().commit(slot, changeOf({ base: { epoch: 0, mark: 2 }, mark: 10, outbox: [late] }))
      assert.deepEqual((await store().load(slot, NOTHING)).outbox, [...early, late])
    })

    it('given a settle, then exactly those entries are gone, and those gone before are no error', async () => {
      const slot = newSlot()
      const [first, second] = [entry('0.1.0'), entry('0.1.1')]
      await store().commit(slot, changeOf({ mark: 1, outbox: [first, second] }))
      await store().settle(slot, [first.position, 'never there'])
      await store().settle(slot, [first.position])
      await store().settle(slot, [])
      assert.deepEqual((await store().load(slot, NOTHING)).outbox, [second])
    })

    it('given ids within the window of log time, then they are known however long the log is', async () => {
      const slot = newSlot()
      let mark = -1
      // Across generations, as a store may keep them.
      for (const nowMs of [0, WINDOW / 2, WINDOW - 1, WINDOW, WINDOW * 1.5]) {
        const base = { epoch: 0, mark }
        mark++
        const remembered = id(`at ${nowMs}`, nowMs)
        await store().commit(slot, changeOf({ base, mark, clock: clockAt(nowMs), ids: [remembered] }))
      }
      const within = [WINDOW / 2, WINDOW - 1, WINDOW, WINDOW * 1.5]
      const { known } = await store().load(slot, { ...NOTHING, ids: within.map(at => id(`at ${at}`).id) })
      assert.deepEqual(
        [...known.values()].map(({ appliedAtMs }) => appliedAtMs).sort((a, b) => a - b),
        within,
      )
    })

    it('given an id applied again after its window, then the newer application is the known one', async () => {
      const slot = newSlot()
      await store().commit(slot, changeOf({ mark: 0, clock: clockAt(0), ids: [id('a', 0)] }))
      const later = clockAt(WINDOW + 1)
      const again = changeOf({
        base: { epoch: 0, mark: 0 },
        mark: 1,
        clock: later,
        ids: [id('a', WINDOW + 1)],
      })
      await store().commit(slot, again)
      const { known } = await store().load(slot, { ...NOTHING, ids: [id('a').id] })
      assert.equal(known.get(id('a').id)?.appliedAtMs, WINDOW + 1)
    })

    it('given slots of another consumer, topic or partition, then nothing is shared', async () => {
      const slot = newSlot()
      await store().commit(slot, changeOf({ mark: 9 }))
      const others = [
        { ...slot, consumer: 'x' },
        { ...slot, topic: `${slot.topic}x` },
        { ...slot, partition: 1 },
      ]
      for (const other of others) assert.equal((await store().load(other, NOTHING)).version.mark, -1)
    })

    it('given what came out of the store, when it is changed, then the store is not', async () => {
      const slot = newSlot()
      await store().commit(slot, changeOf({ mark: 0, outbox: [entry('0.0.0')] }))
      const taken = (await store().load(slot, NOTHING)).outbox[0] as { event: { id: string } }
      taken.event.id = 'changed'
      assert.equal((await store().load(slot, NOTHING)).outbox[0]?.event.id, 'id of 0.0.0')
    })
  })
}

/** A slot that no other test has. */
function newSlot(): Slot {
  return { consumer: 'conformance', topic: `topic-${randomUUID()}`, partition: 0 }
}

function clockAt(nowMs: number): LogClock {
  return { nowMs, lastAppendMs: 1, highestAppendMs: 1 }
}

function changeOf(part: Partial<Change>): Change {
  return {
    base: { epoch: 0, mark: -1 },
    mark: 0,
    clock: clockAt(0),
    states: new Map(),
    ids: [],
    outbox: [],
    tally: new Map(),
    idWindowMs: WINDOW,
    ...part,
  }
}

function id(name: string, appliedAtMs = 0): RememberedId {
  // All bytes that a fingerprint may hold, those beyond ASCII among them.
  return {
    id: `ÿ\u0000${name}`.padEnd(12, '\u0080').slice(0, 12),
    digest: `ë${name}`.padEnd(8, '*').slice(0, 8),
    appliedAtMs,
  }
}

function entry(position: string): OutboxEntry {
  return {
    position,
    to: 'events',
    key: { base64: '/w==' },
    event: { id: `id of ${position}`, source: '/s', type: 't', data: { ä: 1 } },
  }
}
