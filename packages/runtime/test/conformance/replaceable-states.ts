/** The behaviour that all `ReplaceableStates` must have, together with the store of the live states. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Change } from '../../pipeline/model/snapshot.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import type { ReplaceableStates } from '../../pipeline/replacing/replaceable-states.ts'
import { EMPTY_SELECTION } from '../../testing/empty-selection.ts'
import { createChange, createFailure, versionAt } from '../support/changes.ts'

const CODE = 'v1/settings'
const ENTRY = { to: 'events', key: 'k', event: { id: '1', source: '/s', type: 't' } } as const
const getFence = (attempt: number) => ({ why: 'reprocessing', attempt }) as const
const FENCE = getFence(5)
const REBUILD = { startOffset: 3, from: 'start', code: CODE, dropsOlder: false, begunMs: 5 }

interface LiveStates {
  readonly tally: (state: StateKey) => Promise<Readonly<Record<string, number>>>
  /** Names of all keys of a rebuild; absent for a store without keys. */
  readonly listKeys?: (state: StateKey) => Promise<readonly string[]>
}

export function conformsAsReplaceableStates(
  name: string,
  states: () => ReplaceableStates,
  live: () => StateStore,
  { tally, listKeys = async () => [] }: LiveStates,
): void {
  const given = async (change: Partial<Change> = {}) => {
    const state: StateKey = { consumer: 'c', topic: randomUUID(), partition: 3 }
    const whole = createChange({
      appliedOffset: 7,
      states: new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
      timers: new Map([['a', [{ name: 't', dueMs: 1, thresholdMs: 9, id: 'i', trace: {} }]]]),
      ids: [{ id: 'ab0123456789', digest: '12345678', appliedAtMs: 0 }],
      failures: [createFailure('one', 0), createFailure('of a group of its own', 0, 61)],
      outbox: [{ position: '0.7.0', ...ENTRY }],
      tally: new Map([['applied/counted', 8]]),
      context: { hash: 'h', json: '{"rules":[]}' },
      code: CODE,
      ...change,
    })
    assert.notEqual(await live().commit(state, whole), 'refused')
    return state
  }
  /** Begins a rebuild. Returns the number of the run. */
  const begin = async (state: StateKey, asked = REBUILD) => {
    const { run, continues } = await states().rebuilds.begin(state, asked, 1)
    if (!continues) await states().rebuilds.describe(state, asked, run)
    return run
  }
  /** Commits to the rebuild of a run. */
  const build = (state: StateKey, run: number, change: Partial<Change> = {}) =>
    states().rebuilds.states.commit(
      state,
      createChange({
        base: { epoch: run, appliedOffset: -1, fired: 0 },
        appliedOffset: 7,
        states: new Map([['a', 'anew']]),
        timers: new Map([['c', [{ name: 't', dueMs: 1, thresholdMs: 9, id: 'i', trace: {} }]]]),
        ids: [{ id: 'cd0123456789', digest: '12345678', appliedAtMs: 0 }],
        failures: [createFailure('two', 0, 62)],
        outbox: [{ position: '0.7.1', ...ENTRY }],
        context: { hash: 'other', json: '{}' },
        code: '',
        ...change,
      }),
    )
  /** Fences the live state, and returns the conditions of its replacement. */
  const fenced = async (state: StateKey, run: number) => {
    const { version } = await states().fence(state, getFence(run), 60_000)
    return { live: version, run, rebuild: REBUILD }
  }
  /** Rebuilds a state, and fences the live one. Returns the conditions of the replacement. */
  const rebuilt = async (state: StateKey, change: Partial<Change> = {}) => {
    const run = await begin(state)
    assert.equal(await build(state, run, change), 'committed')
    return fenced(state, run)
  }
  const load = (store: StateStore, state: StateKey) =>
    store.load(state, {
      ...EMPTY_SELECTION,
      entities: ['a', 'b', 'c'],
      ids: ['ab0123456789', 'cd0123456789'],
      failures: [
        { id: createFailure('one', 0).id, producerGroup: 0 },
        { id: createFailure('two', 0).id, producerGroup: 62 },
      ],
      contexts: [],
    })
  /** Checks that nothing of a rebuild is left. */
  const assertGone = async (state: StateKey) => {
    const { rebuilds } = states()
    assert.deepEqual(
      [await rebuilds.find(state), (await rebuilds.states.facts(state)).version, await listKeys(state)],
      [undefined, versionAt(-1), []],
    )
  }

  describe(`${name} as replaceable states`, () => {
    it('given a state that nothing was committed to, then its facts say that it is absent', async () => {
      const facts = await states().facts({ consumer: 'c', topic: randomUUID(), partition: 0 })
      assert.deepEqual([facts.version, facts.code], [{ epoch: 0, appliedOffset: -1, fired: 0 }, undefined])
    })

    it('given commits of several codes, then the facts say from where on the last one has decided alone', async () => {
      const state = await given()
      const commit = async (appliedOffset: number, code: string) => {
        const { version: base } = await states().facts(state)
        await live().commit(state, createChange({ base, appliedOffset, code }))
        return (await states().facts(state)).codeFrom
      }
      assert.deepEqual([await commit(9, CODE), await commit(11, 'v2'), await commit(13, 'v2')], [0, 10, 10])
      assert.equal(await commit(15, CODE), 14)
    })

    it('given a fence, then nothing is committed until it is lifted, and the version stays', async () => {
      const state = await given()
      const base = { epoch: 0, appliedOffset: 7, fired: 0 }
      const next = createChange({ base, appliedOffset: 8 })
      assert.deepEqual((await states().fence(state, FENCE, 60_000)).version, base)
      assert.equal(await live().commit(state, next), 'refused')
      await assert.rejects(live().load(state, EMPTY_SELECTION), { code: 'reprocessing' })
      await states().unfence(state, getFence(4))
      assert.equal(await live().commit(state, next), 'refused')
      await states().unfence(state, FENCE)
      assert.equal(await live().commit(state, next), 'committed')
      assert.equal((await states().facts(state)).fence, undefined)
    })

    it('given the fence of a command that was killed, then the next one has it, and the first no longer', async () => {
      const state = await given()
      await states().fence(state, getFence(1), 60_000)
      assert.equal((await states().fence(state, getFence(2), 60_000)).version.appliedOffset, 7)
      assert.equal((await states().fence(state, getFence(1), 60_000)).fence.attempt, 2)
      await states().unfence(state, getFence(1))
      assert.equal((await states().facts(state)).fence?.attempt, 2)
    })

    it('given a rebuild, then no load and no commit of the live state sees it', async () => {
      const state = await given()
      const before = await load(live(), state)
      const run = await begin(state)
      await build(state, run)
      assert.deepEqual(await load(live(), state), before)
      const next = createChange({ base: versionAt(7), appliedOffset: 8 })
      assert.equal(await live().commit(state, next), 'committed')
      assert.equal((await states().facts(state)).version.appliedOffset, 8)
    })

    it('given a rebuild, then it has a load, commits and contents of its own', async () => {
      const state = await given()
      const run = await begin(state)
      await build(state, run)
      const { rebuilds } = states()
      const loaded = await load(rebuilds.states, state)
      assert.deepEqual(loaded.version, { epoch: run, appliedOffset: 7, fired: 0 })
      assert.deepEqual([loaded.states.get('a'), loaded.known.size, loaded.failures.size], ['anew', 1, 1])

      const read = async <T>(all: AsyncIterable<T>): Promise<T[]> => {
        const found: T[] = []
        for await (const item of all) found.push(item)
        return found
      }
      const contents = rebuilds.states
      assert.deepEqual(await read(contents.states(state)), [['a', 'anew']])
      assert.deepEqual(
        (await read(contents.timers(state))).map(([entity]) => entity),
        ['c'],
      )
      assert.deepEqual(
        [await read(contents.ids(state)), await read(contents.failures(state))].map(({ length }) => length),
        [1, 1],
      )
      assert.deepEqual(await contents.context(state), { hash: 'other', json: '{}' })
      await contents.trimOutbox(state, ['0.7.1'])
      assert.deepEqual([(await contents.load(state, EMPTY_SELECTION)).outbox.length], [0])
    })

    it('given a record that was skipped, then the rebuild skips it, too', async () => {
      const state = await given()
      await begin(state)
      const [one, other] = await Promise.all([load(live(), state), load(states().rebuilds.states, state)])
      assert.deepEqual(one.skipped, other.skipped)
    })

    it('given a rebuild that was killed, then the same one is continued, and its earlier run refused', async () => {
      const state = await given()
      const first = await begin(state)
      await build(state, first)
      assert.deepEqual(await states().rebuilds.find(state), REBUILD)
      const second = await begin(state)
      assert.ok(second > first)
      const loaded = await load(states().rebuilds.states, state)
      assert.deepEqual([loaded.version.epoch, loaded.states.get('a')], [second, 'anew'])
      const late = { base: { epoch: first, appliedOffset: 7, fired: 0 }, appliedOffset: 9 }
      assert.equal(await build(state, first, late), 'refused')
      await states().rebuilds.describe(state, { ...REBUILD, from: 'of the first' }, first)
      assert.deepEqual(await states().rebuilds.find(state), REBUILD)
      const conditions = await fenced(state, second)
      assert.deepEqual(await states().replace(state, { ...conditions, run: first }), { kind: 'overtaken' })
      assert.equal((await states().replace(state, conditions)).kind, 'replaced')
    })

    for (const [what, between] of [
      ['has not got its first contents', undefined],
      ['has another start', { ...REBUILD, startOffset: 4 }],
      ['was asked for otherwise', { ...REBUILD, from: '2026-03-01T00:00:00.000Z' }],
      ['is computed by other code', { ...REBUILD, code: 'v2' }],
      ['has other options', { ...REBUILD, dropsOlder: true }],
      ['belongs to another request', { ...REBUILD, begunMs: 4 }],
    ] as const)
      it(`given a rebuild that ${what}, then the next one begins anew`, async () => {
        const state = await given()
        const { run } = await states().rebuilds.begin(state, between ?? REBUILD, 1)
        await build(state, run)
        if (between) await states().rebuilds.describe(state, between, run)
        assert.equal((await states().rebuilds.begin(state, REBUILD, 1)).continues, false)
        const { version, states: found } = await load(states().rebuilds.states, state)
        assert.deepEqual([version.appliedOffset, found.size], [-1, 0])
        assert.equal(await states().rebuilds.find(state), undefined)
      })

    it('given a rebuild to which live contents were added, then the next one begins anew', async () => {
      const state = await given()
      const run = await begin(state)
      await build(state, run)
      await states().rebuilds.describe(state, { ...REBUILD, isSealed: true }, run)
      assert.deepEqual(await states().rebuilds.find(state), { ...REBUILD, isSealed: true })
      await begin(state)
      assert.equal((await states().rebuilds.states.facts(state)).version.appliedOffset, -1)
    })

    it('given a rebuild that is abandoned, then nothing of it is left, and its run ends', async () => {
      const state = await given()
      const conditions = await rebuilt(state)
      assert.deepEqual(await states().rebuilds.abandon(state), true)
      await assertGone(state)
      assert.deepEqual(await states().replace(state, conditions), { kind: 'overtaken' })
      assert.deepEqual(await states().rebuilds.abandon(state), false)
    })

    it('given a rebuild at the same offset, then the replacement leaves nothing of the old contents', async () => {
      const state = await given({ mark: 'kept' })
      const outcome = await states().replace(state, await rebuilt(state))
      assert.deepEqual(outcome, { kind: 'replaced', epoch: 1 })
      const after = await load(live(), state)
      assert.deepEqual(after.version, { epoch: 1, appliedOffset: 7, fired: 0 })
      assert.deepEqual([...after.states], [['a', 'anew']])
      assert.deepEqual([...after.timers.keys()], ['c'])
      assert.deepEqual(
        [...after.known.keys(), ...after.failures.keys()],
        ['cd0123456789', createFailure('two', 0).id],
      )
      assert.deepEqual([after.context?.hash, after.mark], ['other', undefined])
      assert.deepEqual(
        after.outbox.map(({ position }) => position),
        ['0.7.0', '0.7.1'],
      )
      const { code, codeFrom, fence, rebuild } = await states().facts(state)
      assert.deepEqual([code, codeFrom, fence, rebuild], [CODE, 3, undefined, REBUILD])
      await assertGone(state)
    })

    it('given a replacement, then counters go on, but those of held entities are the new ones', async () => {
      const counters = {
        'applied/counted': 8,
        'held/x': 2,
        'released/full': 1,
        'parked/y': 4,
        'parked-failed/x': 1,
      }
      const state = await given({ tally: new Map(Object.entries(counters)) })
      const own = { 'held/x': 1, 'parked/y': 3, 'parked-applied/counted': 2, 'applied/rebuilt': 5 }
      await states().replace(state, await rebuilt(state, { tally: new Map(Object.entries(own)) }))
      assert.deepEqual(await tally(state), {
        'applied/counted': 8,
        'held/x': 1,
        'parked/y': 3,
        'parked-applied/counted': 2,
      })
    })

    it('given a replacement, then the sequences of origins are those of the live state', async () => {
      const [known, other] = ['views:c:t:0:1', 'views:c:t/a:1:1'] as const
      const sequences = new Map([[known, '0.0000000000000007.00000000']])
      const own = new Map([
        [known, '0.0000000000000003.00000000'],
        [other, '0.0000000000000001.00000000'],
      ])
      const state = await given({ sequences })
      await states().replace(state, await rebuilt(state, { sequences: own }))
      const found = await live().load(state, { ...EMPTY_SELECTION, origins: [known, other] })
      assert.deepEqual(found.sequences, sequences)
    })

    // Promise docs/reprocess.md#how-the-switch-works | A commit computed from the old state is refused after the switch, and an interruption leaves a whole state.
    it('given a replacement, then a commit from the new version is accepted, one from the old not', async () => {
      const state = await given()
      const conditions = await rebuilt(state)
      await states().replace(state, conditions)
      const late = createChange({ base: conditions.live, appliedOffset: 8 })
      assert.equal(await live().commit(state, late), 'refused')
      const { version: base, clock } = await states().facts(state)
      assert.equal(await live().commit(state, createChange({ base, clock, appliedOffset: 8 })), 'committed')
      assert.deepEqual((await states().facts(state)).rebuild, REBUILD)
      assert.deepEqual(await states().replace(state, conditions), { kind: 'overtaken' })
    })

    for (const [what, changed, kind] of [
      ['a live state that has moved', { live: versionAt(6) }, 'moved'],
      ['a live state of another epoch', { live: { epoch: 1, appliedOffset: 7, fired: 0 } }, 'moved'],
      ['a live state among its timers', { live: { epoch: 0, appliedOffset: 7, fired: 1 } }, 'moved'],
      ['other code', { rebuild: { ...REBUILD, code: 'v2/settings' } }, 'other-code'],
    ] as const)
      it(`given ${what}, then the answer is ${kind}, and nothing has changed or is left`, async () => {
        const state = await given()
        const before = await load(live(), state)
        const conditions = await rebuilt(state)
        assert.deepEqual(await states().replace(state, { ...conditions, ...changed }), { kind })
        await states().unfence(state, getFence(conditions.run))
        assert.deepEqual(await load(live(), state), before)
        await assertGone(state)
      })

    for (const [what, fence] of [
      ['no fence', undefined],
      ['the fence of a later command', getFence(99)],
    ] as const)
      it(`given ${what}, then a rebuild does not replace the live state`, async () => {
        const state = await given()
        const conditions = await rebuilt(state)
        await states().unfence(state, getFence(conditions.run))
        if (fence) await states().fence(state, fence, 60_000)
        assert.deepEqual(await states().replace(state, conditions), { kind: 'moved' })
      })

    it('given a state that is emptied, then its epoch is raised, and nothing of it or its rebuild is left', async () => {
      const state = await given({ mark: 'kept' })
      const conditions = await rebuilt(state)
      await states().unfence(state, getFence(conditions.run))
      assert.equal(await states().empty(state, versionAt(6)), false)
      assert.equal((await load(live(), state)).states.size, 2)
      assert.equal(await states().empty(state, versionAt(7)), true)
      const { version, states: found, outbox, mark, known, failures, context } = await load(live(), state)
      assert.deepEqual(version, { epoch: 1, appliedOffset: -1, fired: 0 })
      assert.deepEqual([found.size, outbox.length, known.size, failures.size], [0, 0, 0, 0])
      assert.deepEqual([mark, context, await tally(state)], [undefined, undefined, {}])
      await assertGone(state)
      assert.equal(await states().empty(state), true)
      assert.equal((await states().facts(state)).version.epoch, 2)
    })
  })
}
