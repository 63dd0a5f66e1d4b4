/** The behaviour that every `StateStore` must have. The test of each implementation runs this suite. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { derivedId } from '../../lib/runtime/consumer/derived-id.ts'
import type {
  LogClock,
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredTimer,
} from '../../lib/runtime/pipeline/model.ts'
import type { StateStore } from '../../lib/runtime/pipeline/ports.ts'
import { NOTHING_WANTED } from '../../lib/runtime/testing/wanted.ts'
import { changeOf, failureOf, versionAt } from '../support/changes.ts'

const WINDOW = 3_600_000
export function conformsAsStateStore(name: string, store: () => StateStore): void {
  describe(`${name} as a state store`, () => {
    it('given no commit, then a partition state has no applied offset, clock, states or outbox', async () => {
      const snapshot = await store().load(newStateKey(), {
        ...NOTHING_WANTED,
        entities: ['e'],
        ids: [id('a').id],
      })
      assert.deepEqual(snapshot, {
        version: versionAt(-1),
        clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
        appliedDigest: undefined,
        emitted: 0,
        states: new Map(),
        timers: new Map(),
        timersUpTo: undefined,
        notLoaded: new Set(),
        known: new Map(),
        failures: new Map(),
        failureMemory: { bytes: 0, forgotten: 0 },
        outbox: [],
      })
    })

    it('given a commit, then all its changes are visible together', async () => {
      const stateKey = newStateKey()
      const change = changeOf({
        appliedOffset: 7,
        clock: { nowMs: 1234, lastAppendMs: 1_772_366_400_000, highestAppendMs: 1_772_366_400_500 },
        appliedDigest: 'qL5dQX_M-2oBcA9k',
        states: new Map([['e 1', '{"count":1,"text":"grün 🌡"}']]),
        ids: [id('a', 1234)],
        outbox: [entry('0.7.0')],
      })
      assert.equal(await store().commit(stateKey, change), 'committed')
      assert.deepEqual(
        await store().load(stateKey, {
          ...NOTHING_WANTED,
          entities: ['e 1', 'e 2'],
          ids: [id('b').id, id('a').id],
        }),
        {
          version: versionAt(7),
          clock: change.clock,
          appliedDigest: change.appliedDigest,
          emitted: 0,
          states: change.states,
          timers: new Map(),
          timersUpTo: undefined,
          notLoaded: new Set(),
          known: new Map([[id('a').id, id('a', 1234)]]),
          failures: new Map(),
          failureMemory: { bytes: 0, forgotten: 0 },
          outbox: change.outbox,
        },
      )
    })

    it('given another version, then a commit is refused and changes nothing', async () => {
      const stateKey = newStateKey()
      await store().commit(stateKey, changeOf({ appliedOffset: 3, states: new Map([['e', '1']]) }))
      const before = await store().load(stateKey, { ...NOTHING_WANTED, entities: ['e'] })
      const stale = { states: new Map([['e', '2']]), outbox: [entry('0.4.0')], ids: [id('a')] }
      for (const base of [
        versionAt(-1),
        versionAt(2),
        versionAt(4),
        { ...versionAt(3), epoch: 1 },
        { ...versionAt(3), fired: 1 },
      ])
        assert.equal(
          await store().commit(stateKey, changeOf({ ...stale, base, appliedOffset: 5 })),
          'refused',
        )
      assert.deepEqual(
        await store().load(stateKey, { ...NOTHING_WANTED, entities: ['e'], ids: [id('a').id] }),
        before,
      )
    })

    it('given two concurrent commits on the same version, then exactly one succeeds', async () => {
      const stateKey = newStateKey()
      const both = ['1', '2'].map(state =>
        store().commit(stateKey, changeOf({ appliedOffset: 0, states: new Map([['e', state]]) })),
      )
      assert.deepEqual((await Promise.all(both)).sort(), ['committed', 'refused'])
    })

    it('given a state of null, then the entity is forgotten', async () => {
      const stateKey = newStateKey()
      await store().commit(
        stateKey,
        changeOf({
          appliedOffset: 0,
          states: new Map([
            ['e', '1'],
            ['f', '2'],
          ]),
        }),
      )
      await store().commit(
        stateKey,
        changeOf({ base: versionAt(0), appliedOffset: 1, states: new Map([['e', null]]) }),
      )
      const { states } = await store().load(stateKey, { ...NOTHING_WANTED, entities: ['e', 'f'] })
      assert.deepEqual(states, new Map([['f', '2']]))
    })

    it('given several commits, then the outbox is returned in the order of its positions', async () => {
      const stateKey = newStateKey()
      const late = entry('0.0000000000000010.0000')
      const early = [entry('0.0000000000000002.0000'), entry('0.0000000000000002.0001')]
      await store().commit(stateKey, changeOf({ appliedOffset: 2, outbox: early }))
      await store().commit(stateKey, changeOf({ base: versionAt(2), appliedOffset: 10, outbox: [late] }))
      assert.deepEqual((await store().load(stateKey, NOTHING_WANTED)).outbox, [...early, late])
    })

    it('given a context, then its content is loaded on request, unless its hash is known', async () => {
      const stateKey = newStateKey()
      const contextOf = async (contexts?: readonly string[]) =>
        (await store().load(stateKey, { ...NOTHING_WANTED, ...(contexts ? { contexts } : {}) })).context
      assert.equal(await contextOf([]), undefined)
      const first = { hash: 'one', json: '{"text":"grün 🌡"}' }
      await store().commit(stateKey, changeOf({ appliedOffset: 1, context: first }))
      assert.deepEqual(await contextOf([]), first)
      assert.deepEqual(await contextOf(['other']), first)
      assert.deepEqual(await contextOf(['other', 'one']), { hash: 'one' })
      assert.equal(await contextOf(), undefined)

      await store().commit(stateKey, changeOf({ base: versionAt(1), appliedOffset: 2 }))
      assert.deepEqual(await contextOf([]), first, 'a commit without a context keeps the stored one')
      const second = { hash: 'two', json: '[]' }
      const stale = changeOf({ base: versionAt(1), appliedOffset: 3, context: second })
      assert.equal(await store().commit(stateKey, stale), 'refused')
      assert.deepEqual(await contextOf([]), first)
      await store().commit(stateKey, changeOf({ base: versionAt(2), appliedOffset: 3, context: second }))
      assert.deepEqual(await contextOf(['one']), second)
    })

    it('given a trimmed outbox, then exactly those entries are gone, and trimming again is not an error', async () => {
      const stateKey = newStateKey()
      const [first, second] = [entry('0.1.0'), entry('0.1.1')]
      await store().commit(stateKey, changeOf({ appliedOffset: 1, outbox: [first, second] }))
      await store().trimOutbox(stateKey, [first.position, 'never there'])
      await store().trimOutbox(stateKey, [first.position])
      await store().trimOutbox(stateKey, [])
      assert.deepEqual((await store().load(stateKey, NOTHING_WANTED)).outbox, [second])
    })

    it('given ids within the window of log time, then they are known, however long the log is', async () => {
      const stateKey = newStateKey()
      let appliedOffset = -1
      // At times that are in different buckets, if a store keeps ids in buckets.
      for (const nowMs of [0, WINDOW / 2, WINDOW - 1, WINDOW, WINDOW * 1.5]) {
        const base = versionAt(appliedOffset)
        appliedOffset++
        const remembered = id(`at ${nowMs}`, nowMs)
        await store().commit(
          stateKey,
          changeOf({ base, appliedOffset, clock: clockAt(nowMs), ids: [remembered] }),
        )
      }
      const within = [WINDOW / 2, WINDOW - 1, WINDOW, WINDOW * 1.5]
      const { known } = await store().load(stateKey, {
        ...NOTHING_WANTED,
        ids: within.map(at => id(`at ${at}`).id),
      })
      assert.deepEqual(
        [...known.values()].map(({ appliedAtMs }) => appliedAtMs).sort((a, b) => a - b),
        within,
      )
    })

    it('given an id that is applied again after its window, then the newer application is known', async () => {
      const stateKey = newStateKey()
      await store().commit(stateKey, changeOf({ appliedOffset: 0, clock: clockAt(0), ids: [id('a', 0)] }))
      const later = clockAt(WINDOW + 1)
      const again = changeOf({
        base: versionAt(0),
        appliedOffset: 1,
        clock: later,
        ids: [id('a', WINDOW + 1)],
      })
      await store().commit(stateKey, again)
      const { known } = await store().load(stateKey, { ...NOTHING_WANTED, ids: [id('a').id] })
      assert.equal(known.get(id('a').id)?.appliedAtMs, WINDOW + 1)
    })

    it('given more ids than a chunk has, all with one prefix, then each is known and no other is', async () => {
      const stateKey = newStateKey()
      const numbers = Array.from({ length: 700 }, (_, index) => index)
      const named = (n: number, digest: string) => ({
        id: `ab${String(n).padStart(10, 'ab')}`,
        digest,
        appliedAtMs: n,
      })
      const first = numbers.map(n => named(n, 'abababab'))
      await store().commit(stateKey, changeOf({ appliedOffset: 0, clock: clockAt(1000), ids: first }))
      const again = named(7, 'otherone')
      const base = versionAt(0)
      await store().commit(stateKey, changeOf({ base, appliedOffset: 1, clock: clockAt(1001), ids: [again] }))
      const { known } = await store().load(stateKey, {
        ...NOTHING_WANTED,
        // The last id was not stored, but its bytes occur where a digest is followed by a clock.
        ids: [...first.map(({ id }) => id), 'ababababab\u0000\u0000'],
      })
      assert.equal(known.size, first.length)
      for (const each of first) assert.deepEqual(known.get(each.id), each.id === again.id ? again : each)
    })

    it('given ids with one prefix in many commits, then each is known with its last application', async () => {
      const stateKey = newStateKey()
      const named = (n: number, appliedAtMs: number) => ({
        id: `ab${String(n).padStart(10, '.')}`,
        digest: 'd'.repeat(8),
        appliedAtMs,
      })
      const applied = new Map<string, RememberedId>()
      for (let appliedOffset = 0; appliedOffset < 5; appliedOffset += 1) {
        // Half of the ids of each commit were also in the previous one.
        const ids = Array.from({ length: 200 }, (_, index) =>
          named(appliedOffset * 100 + index, appliedOffset),
        )
        for (const each of ids) applied.set(each.id, each)
        const base = versionAt(appliedOffset - 1)
        await store().commit(stateKey, changeOf({ base, appliedOffset, clock: clockAt(appliedOffset), ids }))
      }
      const { known } = await store().load(stateKey, { ...NOTHING_WANTED, ids: [...applied.keys()] })
      assert.deepEqual(known, applied)
    })

    it('given ids with bytes that are special in a pattern, then they are compared literally', async () => {
      const stateKey = newStateKey()
      const first = { id: 'ab(.(.(.(.(.', digest: '(.(.(.(.', appliedAtMs: 1 }
      await store().commit(stateKey, changeOf({ appliedOffset: 0, clock: clockAt(1000), ids: [first] }))
      // The second id was not stored, but its bytes occur where a digest is followed by a clock.
      const { known } = await store().load(stateKey, {
        ...NOTHING_WANTED,
        ids: [first.id, 'ab(.(.(.(.\u0000\u0000'],
      })
      assert.deepEqual([...known.values()], [first])
    })

    describe('timers', () => {
      const timers = (...list: [entity: string, name: string, thresholdMs: number][]) =>
        new Map(
          [...Map.groupBy(list, ([entity]) => entity)].map(([entity, own]) => [
            entity,
            own.map(([, name, thresholdMs]) => timer(name, thresholdMs)),
          ]),
        )
      /** A request that advances the log's clock by this time. The clock of the partition state is at 0. */
      const until = (advanceMs: number, rest = {}) => ({
        ...NOTHING_WANTED,
        span: { firstAppendMs: 1, advanceMs },
        ...rest,
      })

      it('given timers, then those of wanted entities are loaded, and due ones with their states', async () => {
        const stateKey = newStateKey()
        const set = timers(['a', 'late', 500], ['b', 'soon', 100], ['b', 'later', 900], ['c', 'never', 901])
        const states = new Map([...'abc'].map(entity => [entity, `"${entity}"`]))
        await store().commit(stateKey, changeOf({ states, timers: set }))
        const loaded = await store().load(stateKey, until(101, { entities: ['a'] }))
        assert.deepEqual([...loaded.timers].sort(), [...set].slice(0, 2).sort())
        assert.deepEqual([...loaded.states.keys()].sort(), ['a', 'b'])
        assert.equal(loaded.timersUpTo, undefined)
      })

      it('given a threshold that the chunk reaches but does not pass, then its timer is not due', async () => {
        const stateKey = newStateKey()
        await store().commit(stateKey, changeOf({ timers: timers(['a', 't', 100]) }))
        assert.equal((await store().load(stateKey, until(100))).timers.size, 0)
        assert.equal((await store().load(stateKey, until(101))).timers.size, 1)
      })

      it('given a pause before a chunk, then the clock advances by at most one step', async () => {
        const stateKey = newStateKey()
        await store().commit(
          stateKey,
          changeOf({ timers: timers(['a', 't', 120_000 - 1], ['b', 't', 120_000]) }),
        )
        const afterAnHour = { ...NOTHING_WANTED, span: { firstAppendMs: 3_600_000, advanceMs: 0 } }
        assert.deepEqual([...(await store().load(stateKey, afterAnHour)).timers.keys()], ['a'])
      })

      it('given more due timers than the limit, then the earliest are loaded, and where they end', async () => {
        const stateKey = newStateKey()
        // Ordered by UTF-16 code units instead of bytes, two of these would be swapped.
        const set = timers(
          ['ä', 't', 5],
          ['z', 't', 5],
          ['\u{1f321}', 't', 5],
          ['\uffee', 't', 5],
          ['y', 't', 4],
        )
        await store().commit(stateKey, changeOf({ timers: set }))
        const loaded = await store().load(stateKey, until(10, { timerLimit: 4 }))
        assert.deepEqual(loaded.timersUpTo, { thresholdMs: 5, entity: '\uffee' })
        assert.deepEqual([...loaded.timers.keys()].sort(), ['y', 'z', 'ä', '\uffee'].sort())
        assert.equal((await store().load(stateKey, until(10, { timerLimit: 5 }))).timersUpTo, undefined)
      })

      it('given timers that are changed or cancelled, then the old ones are gone', async () => {
        const stateKey = newStateKey()
        await store().commit(stateKey, changeOf({ timers: timers(['a', 't', 5], ['b', 't', 5]) }))
        const moved = new Map([...timers(['a', 't', 50]), ['b', []] as const])
        await store().commit(stateKey, changeOf({ base: versionAt(0), appliedOffset: 1, timers: moved }))
        const { timers: loaded } = await store().load(stateKey, until(100))
        assert.deepEqual([...loaded], [...timers(['a', 't', 50])])
      })

      it('given entities whose last timer is cancelled, then they are not due and do not count as due', async () => {
        const stateKey = newStateKey()
        const cancelled = ['a', 'b', 'c'].map(entity => [entity, 't', 5] as [string, string, number])
        await store().commit(stateKey, changeOf({ timers: timers(...cancelled, ['z', 't', 50]) }))
        const none = new Map(cancelled.map(([entity]) => [entity, []] as const))
        await store().commit(stateKey, changeOf({ base: versionAt(0), appliedOffset: 1, timers: none }))
        const loaded = await store().load(stateKey, until(100, { timerLimit: 1 }))
        assert.deepEqual([...loaded.timers.keys()], ['z'])
        assert.equal(loaded.timersUpTo, undefined, 'nothing else is due')
      })

      it('given timers fired at the same applied offset, then their count is part of the version', async () => {
        const stateKey = newStateKey()
        const first = changeOf({
          appliedOffset: -1,
          fired: 500,
          emitted: 7,
          clock: { ...clockAt(0), lastAppendMs: undefined, highestAppendMs: undefined },
        })
        assert.equal(await store().commit(stateKey, first), 'committed')
        assert.equal(await store().commit(stateKey, first), 'refused')
        const loaded = await store().load(stateKey, NOTHING_WANTED)
        assert.deepEqual(loaded.version, { epoch: 0, appliedOffset: -1, fired: 500 })
        assert.equal(loaded.emitted, 7)
        assert.equal(loaded.clock.lastAppendMs, undefined)
      })
    })

    describe('the bytes of one load', () => {
      const names = Array.from({ length: 40 }, (_, index) => `e${String(index).padStart(2, '0')}`)
      /** Each state has 100 bytes. */
      const states = new Map(names.map(name => [name, JSON.stringify('x'.repeat(98))]))
      const dueAt = (thresholdMs: number, entities: readonly string[]) =>
        new Map(entities.map(name => [name, [timer('t', thresholdMs)]]))
      const timerBytes = JSON.stringify([timer('t', 5)]).length
      const span = { firstAppendMs: 1, advanceMs: 10 }

      it('given more wanted states than fit, then the first are loaded, and the others listed', async () => {
        const stateKey = newStateKey()
        await store().commit(stateKey, changeOf({ states }))
        for (const [byteLimit, count] of [
          [1_999, 19],
          [2_000, 20],
          [4_000, 40],
        ] as const) {
          const loaded = await store().load(stateKey, { ...NOTHING_WANTED, entities: names, byteLimit })
          assert.deepEqual(loaded.states, new Map([...states].slice(0, count)))
          assert.deepEqual(loaded.notLoaded, new Set(names.slice(count)))
        }
      })

      it('given limits below any state, then the first due and the first wanted entity are loaded', async () => {
        const stateKey = newStateKey()
        await store().commit(stateKey, changeOf({ states, timers: dueAt(5, ['e07', 'e08']) }))
        const wanted = { ...NOTHING_WANTED, entities: ['e01', 'e02', 'e08'], span, byteLimit: 10 }
        const loaded = await store().load(stateKey, wanted)
        assert.deepEqual([...loaded.states.keys()].sort(), ['e01', 'e07'])
        assert.deepEqual(loaded.timersUpTo, { thresholdMs: 5, entity: 'e07' })
        assert.deepEqual(loaded.notLoaded, new Set(['e02', 'e08']))
      })

      it('given more due entities than fit, then they get half of the bytes, and wanted ones the rest', async () => {
        const stateKey = newStateKey()
        const due = names.slice(0, 10)
        await store().commit(stateKey, changeOf({ states, timers: dueAt(5, due) }))
        const byteLimit = 8 * (100 + timerBytes)
        // The first wanted entity is also due, and counts as due.
        const wanted = { ...NOTHING_WANTED, entities: ['e00', ...names.slice(20)], span, byteLimit }
        const loaded = await store().load(stateKey, wanted)
        assert.deepEqual(loaded.timersUpTo, { thresholdMs: 5, entity: 'e03' })
        assert.deepEqual([...loaded.timers.keys()].sort(), due.slice(0, 4))
        const rest = Math.floor(byteLimit / 2 / 100)
        assert.deepEqual(loaded.notLoaded, new Set(names.slice(20 + rest)))
        assert.equal(loaded.states.size, Math.min(4 + rest, 24))
      })

      it('given entities without state and timers, then they use none of the bytes', async () => {
        const stateKey = newStateKey()
        const loaded = await store().load(stateKey, { ...NOTHING_WANTED, entities: names, byteLimit: 1 })
        assert.equal(loaded.notLoaded.size, 0)
      })
    })

    it('given failures, then they are known until they are older than the window', async () => {
      const stateKey = newStateKey()
      const day = 24 * WINDOW
      const [first, again] = [failureOf('f', 0), { ...failureOf('f', day), attempt: 2, isOpen: false }]
      await store().commit(stateKey, changeOf({ failures: [first] }))
      const { id } = first
      const others = [derivedId('never failed'), 'ü {x}', `${id}x`]
      const names = [...others, id].map(name => ({ id: name, producerGroup: 0 }))
      const wanted = { ...NOTHING_WANTED, failures: [...names, { id, producerGroup: 1 }].toReversed() }
      assert.deepEqual((await store().load(stateKey, wanted)).failures, new Map([[id, first]]))
      await store().commit(
        stateKey,
        changeOf({ base: versionAt(0), appliedOffset: 1, clock: clockAt(day), failures: [again] }),
      )
      assert.deepEqual((await store().load(stateKey, wanted)).failures, new Map([[id, again]]))
      await store().commit(
        stateKey,
        changeOf({ base: versionAt(1), appliedOffset: 2, clock: clockAt(31 * day) }),
      )
      assert.equal((await store().load(stateKey, wanted)).failures.size, 1)
      await store().commit(
        stateKey,
        changeOf({ base: versionAt(2), appliedOffset: 3, clock: clockAt(33 * day) }),
      )
      assert.equal((await store().load(stateKey, wanted)).failures.size, 0)
    })

    describe('remembered failures', () => {
      const LIMIT = 64 * 1024
      /** Makes consecutive commits, each with some failures of one producer group. */
      async function failing(stateKey: StateKey, groups: readonly number[], count: number) {
        const all: RememberedFailure[] = []
        for (const [appliedOffset, group] of groups.entries()) {
          const failures = Array.from({ length: count }, (_, index) =>
            failureOf(`${appliedOffset} ${index}`, 0, group),
          )
          all.push(...failures)
          const base = versionAt(appliedOffset - 1)
          const change = { base, appliedOffset, failures, failureBytes: LIMIT, forgottenTold: 0 }
          assert.equal(await store().commit(stateKey, changeOf(change)), 'committed')
        }
        return all
      }
      const found = async (stateKey: StateKey, failures: readonly RememberedFailure[]) => {
        const loaded = await store().load(stateKey, { ...NOTHING_WANTED, failures })
        return failures.filter(({ id }) => loaded.failures.has(id))
      }

      it('given a producer with more failures than fit, then only its newest are known', async () => {
        const stateKey = newStateKey()
        const all = await failing(stateKey, Array(60).fill(0), 50)
        const { failureMemory } = await store().load(stateKey, NOTHING_WANTED)
        assert.ok(failureMemory.bytes <= LIMIT && failureMemory.bytes > LIMIT / 2, `${failureMemory.bytes}`)
        const known = await found(stateKey, all)
        assert.deepEqual(known, all.slice(-known.length))
        assert.ok(known.length >= 400 && known.length * 56 <= LIMIT, `${known.length}`)
        assert.equal(failureMemory.forgotten, all.length - known.length)
      })

      it('given a producer with more failures than fit, then all failures of others are known', async () => {
        const stateKey = newStateKey()
        const groups = Array.from({ length: 60 }, (_, index) => (index % 20 === 3 ? 1 + index / 20 : 0)).map(
          Math.floor,
        )
        const all = await failing(stateKey, groups, 50)
        const others = all.filter(({ producerGroup }) => producerGroup > 0)
        assert.equal(others.length, 150)
        assert.deepEqual(await found(stateKey, others), others)
      })

      it('given forgotten failures that were reported, then only later ones are reported', async () => {
        const stateKey = newStateKey()
        await failing(stateKey, Array(40).fill(0), 50)
        const { forgotten } = (await store().load(stateKey, NOTHING_WANTED)).failureMemory
        assert.ok(forgotten > 0)
        const change = {
          base: versionAt(39),
          appliedOffset: 40,
          forgottenTold: forgotten,
          failureBytes: LIMIT,
        }
        await store().commit(stateKey, changeOf(change))
        assert.equal((await store().load(stateKey, NOTHING_WANTED)).failureMemory.forgotten, 0)
      })
    })

    it('given partition states of another consumer, topic or partition, then nothing is shared', async () => {
      const stateKey = newStateKey()
      await store().commit(stateKey, changeOf({ appliedOffset: 9 }))
      const others = [
        { ...stateKey, consumer: 'x' },
        { ...stateKey, topic: `${stateKey.topic}x` },
        { ...stateKey, partition: 1 },
      ]
      for (const other of others)
        assert.equal((await store().load(other, NOTHING_WANTED)).version.appliedOffset, -1)
    })

    it('given a loaded snapshot, when it is changed, then the store is not', async () => {
      const stateKey = newStateKey()
      await store().commit(stateKey, changeOf({ appliedOffset: 0, outbox: [entry('0.0.0')] }))
      const taken = (await store().load(stateKey, NOTHING_WANTED)).outbox[0] as { event: { id: string } }
      taken.event.id = 'changed'
      assert.equal((await store().load(stateKey, NOTHING_WANTED)).outbox[0]?.event.id, 'id of 0.0.0')
    })
  })
}

/** A partition state that no other test uses. */
function newStateKey(): StateKey {
  return { consumer: 'conformance', topic: `topic-${randomUUID()}`, partition: 0 }
}

function clockAt(nowMs: number): LogClock {
  return { nowMs, lastAppendMs: 1, highestAppendMs: 1 }
}

function id(name: string, appliedAtMs = 0): RememberedId {
  // With non-ASCII bytes, as a fingerprint may contain.
  return {
    id: `ÿ\u0000${name}`.padEnd(12, '\u0080').slice(0, 12),
    digest: `ë${name}`.padEnd(8, '*').slice(0, 8),
    appliedAtMs,
  }
}

function timer(name: string, thresholdMs: number): StoredTimer {
  return { name, dueMs: 1_772_366_400_000, thresholdMs, id: `id of ${name}`, trace: {} }
}

function entry(position: string): OutboxEntry {
  return {
    position,
    to: 'events',
    key: { base64: '/w==' },
    event: { id: `id of ${position}`, source: '/s', type: 't', data: { ä: 1 } },
  }
}
