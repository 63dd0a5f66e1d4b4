/** The behaviour that every implementation of `StateStore` has. Each store's own test runs this suite on a store of its own. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type {
  LogClock,
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  Slot,
  StateStore,
  StoredTimer,
} from '../../lib/pipeline/ports.ts'
import { changeOf, versionAt } from '../support/changes.ts'
import { NOTHING_WANTED } from '../support/wanted.ts'

const WINDOW = 3_600_000
export function conformsAsStateStore(name: string, store: () => StateStore): void {
  describe(`${name} as a state store`, () => {
    it('given nothing, then a slot has no mark, no clock, no states and an empty outbox', async () => {
      const snapshot = await store().load(newSlot(), {
        ...NOTHING_WANTED,
        entities: ['e'],
        ids: [id('a').id],
      })
      assert.deepEqual(snapshot, {
        version: versionAt(-1),
        clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
        emitted: 0,
        states: new Map(),
        timers: new Map(),
        timersUpTo: undefined,
        known: new Map(),
        failures: new Map(),
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
        await store().load(slot, {
          ...NOTHING_WANTED,
          entities: ['e 1', 'e 2'],
          ids: [id('b').id, id('a').id],
        }),
        {
          version: versionAt(7),
          clock: change.clock,
          emitted: 0,
          states: change.states,
          timers: new Map(),
          timersUpTo: undefined,
          known: new Map([[id('a').id, id('a', 1234)]]),
          failures: new Map(),
          outbox: change.outbox,
        },
      )
    })

    it('given another version, then a commit is refused and changes nothing', async () => {
      const slot = newSlot()
      await store().commit(slot, changeOf({ mark: 3, states: new Map([['e', '1']]) }))
      const before = await store().load(slot, { ...NOTHING_WANTED, entities: ['e'] })
      const stale = { states: new Map([['e', '2']]), outbox: [entry('0.4.0')], ids: [id('a')] }
      for (const base of [
        versionAt(-1),
        versionAt(2),
        versionAt(4),
        { ...versionAt(3), epoch: 1 },
        { ...versionAt(3), fired: 1 },
      ])
        assert.equal(await store().commit(slot, changeOf({ ...stale, base, mark: 5 })), 'refused')
      assert.deepEqual(
        await store().load(slot, { ...NOTHING_WANTED, entities: ['e'], ids: [id('a').id] }),
        before,
      )
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
      await store().commit(slot, changeOf({ base: versionAt(0), mark: 1, states: new Map([['e', null]]) }))
      const { states } = await store().load(slot, { ...NOTHING_WANTED, entities: ['e', 'f'] })
      assert.deepEqual(states, new Map([['f', '2']]))
    })

    it('given several commits, then the outbox comes back in the order of its positions', async () => {
      const slot = newSlot()
      const late = entry('0.0000000000000010.0000')
      const early = [entry('0.0000000000000002.0000'), entry('0.0000000000000002.0001')]
      await store().commit(slot, changeOf({ mark: 2, outbox: early }))
      await store().commit(slot, changeOf({ base: versionAt(2), mark: 10, outbox: [late] }))
      assert.deepEqual((await store().load(slot, NOTHING_WANTED)).outbox, [...early, late])
    })

    it('given a settle, then exactly those entries are gone, and those gone before are no error', async () => {
      const slot = newSlot()
      const [first, second] = [entry('0.1.0'), entry('0.1.1')]
      await store().commit(slot, changeOf({ mark: 1, outbox: [first, second] }))
      await store().settle(slot, [first.position, 'never there'])
      await store().settle(slot, [first.position])
      await store().settle(slot, [])
      assert.deepEqual((await store().load(slot, NOTHING_WANTED)).outbox, [second])
    })

    it('given ids within the window of log time, then they are known however long the log is', async () => {
      const slot = newSlot()
      let mark = -1
      // Across generations, as a store may keep them.
      for (const nowMs of [0, WINDOW / 2, WINDOW - 1, WINDOW, WINDOW * 1.5]) {
        const base = versionAt(mark)
        mark++
        const remembered = id(`at ${nowMs}`, nowMs)
        await store().commit(slot, changeOf({ base, mark, clock: clockAt(nowMs), ids: [remembered] }))
      }
      const within = [WINDOW / 2, WINDOW - 1, WINDOW, WINDOW * 1.5]
      const { known } = await store().load(slot, {
        ...NOTHING_WANTED,
        ids: within.map(at => id(`at ${at}`).id),
      })
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
        base: versionAt(0),
        mark: 1,
        clock: later,
        ids: [id('a', WINDOW + 1)],
      })
      await store().commit(slot, again)
      const { known } = await store().load(slot, { ...NOTHING_WANTED, ids: [id('a').id] })
      assert.equal(known.get(id('a').id)?.appliedAtMs, WINDOW + 1)
    })

    it('given more ids than a wave has, and all of them begin alike, then each is known as itself, and no other is', async () => {
      const slot = newSlot()
      const numbers = Array.from({ length: 700 }, (_, index) => index)
      const named = (n: number, digest: string) => ({
        id: `ab${String(n).padStart(10, 'ab')}`,
        digest,
        appliedAtMs: n,
      })
      const first = numbers.map(n => named(n, 'abababab'))
      await store().commit(slot, changeOf({ mark: 0, clock: clockAt(1000), ids: first }))
      const again = named(7, 'otherone')
      const base = versionAt(0)
      await store().commit(slot, changeOf({ base, mark: 1, clock: clockAt(1001), ids: [again] }))
      const { known } = await store().load(slot, {
        ...NOTHING_WANTED,
        // The last is in none of them, but its bytes are where a digest and a clock follow each other.
        ids: [...first.map(({ id }) => id), 'ababababab\u0000\u0000'],
      })
      assert.equal(known.size, first.length)
      for (const one of first) assert.deepEqual(known.get(one.id), one.id === again.id ? again : one)
    })

    describe('timers', () => {
      const timers = (...list: [entity: string, name: string, thresholdMs: number][]) =>
        new Map(
          [...Map.groupBy(list, ([entity]) => entity)].map(([entity, own]) => [
            entity,
            own.map(([, name, thresholdMs]) => timer(name, thresholdMs)),
          ]),
        )
      /** Up to this time on the log's clock, from a slot whose clock stands at 0. */
      const until = (advanceMs: number, rest = {}) => ({
        ...NOTHING_WANTED,
        span: { firstAppendMs: 1, advanceMs },
        ...rest,
      })

      it('given timers, then those of the wanted entities come, and of those that fall due with the states they are about', async () => {
        const slot = newSlot()
        const set = timers(['a', 'late', 500], ['b', 'soon', 100], ['b', 'later', 900], ['c', 'never', 901])
        const states = new Map([...'abc'].map(entity => [entity, `"${entity}"`]))
        await store().commit(slot, changeOf({ states, timers: set }))
        const loaded = await store().load(slot, until(101, { entities: ['a'] }))
        assert.deepEqual([...loaded.timers].sort(), [...set].slice(0, 2).sort())
        assert.deepEqual([...loaded.states.keys()].sort(), ['a', 'b'])
        assert.equal(loaded.timersUpTo, undefined)
      })

      it('given a threshold that the wave just reaches, then its timer is not due: it must be passed', async () => {
        const slot = newSlot()
        await store().commit(slot, changeOf({ timers: timers(['a', 't', 100]) }))
        assert.equal((await store().load(slot, until(100))).timers.size, 0)
        assert.equal((await store().load(slot, until(101))).timers.size, 1)
      })

      it('given the pause before a wave, then the clock takes of it what one record can move it by', async () => {
        const slot = newSlot()
        await store().commit(slot, changeOf({ timers: timers(['a', 't', 120_000 - 1], ['b', 't', 120_000]) }))
        const afterAnHour = { ...NOTHING_WANTED, span: { firstAppendMs: 3_600_000, advanceMs: 0 } }
        assert.deepEqual([...(await store().load(slot, afterAnHour)).timers.keys()], ['a'])
      })

      it('given more due timers than wanted, then the earliest come, by the bytes of their entities, and where they end', async () => {
        const slot = newSlot()
        // In UTF-16 the last two are the other way round.
        const set = timers(
          ['ä', 't', 5],
          ['z', 't', 5],
          ['\u{1f321}', 't', 5],
          ['\uffee', 't', 5],
          ['y', 't', 4],
        )
        await store().commit(slot, changeOf({ timers: set }))
        const loaded = await store().load(slot, until(10, { timerLimit: 4 }))
        assert.deepEqual(loaded.timersUpTo, { thresholdMs: 5, entity: '\uffee' })
        assert.deepEqual([...loaded.timers.keys()].sort(), ['y', 'z', 'ä', '\uffee'].sort())
        assert.equal((await store().load(slot, until(10, { timerLimit: 5 }))).timersUpTo, undefined)
      })

      it('given timers that are moved or cancelled, then the old ones are gone', async () => {
        const slot = newSlot()
        await store().commit(slot, changeOf({ timers: timers(['a', 't', 5], ['b', 't', 5]) }))
        const moved = new Map([...timers(['a', 't', 50]), ['b', []] as const])
        await store().commit(slot, changeOf({ base: versionAt(0), mark: 1, timers: moved }))
        const { timers: loaded } = await store().load(slot, until(100))
        assert.deepEqual([...loaded], [...timers(['a', 't', 50])])
      })

      it('given entities whose last timer is cancelled, then they are not due any more, and take no room among those that are', async () => {
        const slot = newSlot()
        const cancelled = ['a', 'b', 'c'].map(entity => [entity, 't', 5] as [string, string, number])
        await store().commit(slot, changeOf({ timers: timers(...cancelled, ['z', 't', 50]) }))
        const none = new Map(cancelled.map(([entity]) => [entity, []] as const))
        await store().commit(slot, changeOf({ base: versionAt(0), mark: 1, timers: none }))
        const loaded = await store().load(slot, until(100, { timerLimit: 1 }))
        assert.deepEqual([...loaded.timers.keys()], ['z'])
        assert.equal(loaded.timersUpTo, undefined, 'nothing else is due')
      })

      it('given timers fired at the same mark, then the count of them is part of the version, and emissions count on', async () => {
        const slot = newSlot()
        const first = changeOf({
          mark: -1,
          fired: 500,
          emitted: 7,
          clock: { ...clockAt(0), lastAppendMs: undefined, highestAppendMs: undefined },
        })
        assert.equal(await store().commit(slot, first), 'committed')
        assert.equal(await store().commit(slot, first), 'refused')
        const loaded = await store().load(slot, NOTHING_WANTED)
        assert.deepEqual(loaded.version, { epoch: 0, mark: -1, fired: 500 })
        assert.equal(loaded.emitted, 7)
        assert.equal(loaded.clock.lastAppendMs, undefined)
      })
    })

    it('given failures, then they are known until they are older than their window', async () => {
      const slot = newSlot()
      const day = 24 * WINDOW
      const [first, again] = [failure('f', 0), { ...failure('f', day), attempt: 2, isOpen: false }]
      await store().commit(slot, changeOf({ failures: [first] }))
      const wanted = { ...NOTHING_WANTED, failures: ['f', 'never failed', 'ü {x}'] }
      assert.deepEqual((await store().load(slot, wanted)).failures, new Map([['f', first]]))
      await store().commit(
        slot,
        changeOf({ base: versionAt(0), mark: 1, clock: clockAt(day), failures: [again] }),
      )
      assert.deepEqual((await store().load(slot, wanted)).failures, new Map([['f', again]]))
      await store().commit(slot, changeOf({ base: versionAt(1), mark: 2, clock: clockAt(31 * day) }))
      assert.equal((await store().load(slot, wanted)).failures.size, 1)
      await store().commit(slot, changeOf({ base: versionAt(2), mark: 3, clock: clockAt(33 * day) }))
      assert.equal((await store().load(slot, wanted)).failures.size, 0)
    })

    it('given slots of another consumer, topic or partition, then nothing is shared', async () => {
      const slot = newSlot()
      await store().commit(slot, changeOf({ mark: 9 }))
      const others = [
        { ...slot, consumer: 'x' },
        { ...slot, topic: `${slot.topic}x` },
        { ...slot, partition: 1 },
      ]
      for (const other of others) assert.equal((await store().load(other, NOTHING_WANTED)).version.mark, -1)
    })

    it('given what came out of the store, when it is changed, then the store is not', async () => {
      const slot = newSlot()
      await store().commit(slot, changeOf({ mark: 0, outbox: [entry('0.0.0')] }))
      const taken = (await store().load(slot, NOTHING_WANTED)).outbox[0] as { event: { id: string } }
      taken.event.id = 'changed'
      assert.equal((await store().load(slot, NOTHING_WANTED)).outbox[0]?.event.id, 'id of 0.0.0')
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

function id(name: string, appliedAtMs = 0): RememberedId {
  // All bytes that a fingerprint may hold, those beyond ASCII among them.
  return {
    id: `ÿ\u0000${name}`.padEnd(12, '\u0080').slice(0, 12),
    digest: `ë${name}`.padEnd(8, '*').slice(0, 8),
    appliedAtMs,
  }
}

function timer(name: string, thresholdMs: number): StoredTimer {
  return { name, dueMs: 1_772_366_400_000, thresholdMs, id: `id of ${name}`, trace: {} }
}

function failure(name: string, failedAtMs: number): RememberedFailure {
  return {
    id: name,
    partition: 0,
    offset: 9,
    attempt: 1,
    digest: 'digest',
    isOpen: true,
    firstFailedAt: '2026-03-01T12:00:00.000Z',
    failedAtMs,
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
