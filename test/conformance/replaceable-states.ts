/** The behaviour that all `ReplaceableStates` must have, together with the store of the live states. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { OutboxEntry, StateKey } from '#runtime/pipeline/model/partition-state.ts'
import type { Change } from '#runtime/pipeline/model/snapshot.ts'
import { withHold } from '#runtime/pipeline/model/stored-state.ts'
import type { StateStore } from '#runtime/pipeline/ports.ts'
import { type ReplaceableStates, replaceState } from '#runtime/pipeline/replacing/replaceable-states.ts'
import type { StateMeta, StatePart } from '#runtime/pipeline/replacing/state-parts.ts'
import { EMPTY_SELECTION } from '#runtime/testing/empty-selection.ts'
import { createChange, createFailure } from '../support/changes.ts'
import { inPages, metaAt, partsAt } from '../support/parts.ts'

const CODE = 'v1/settings'
const ENTRY = { to: 'events', key: 'k', event: { id: '1', source: '/s', type: 't' } } as const
const getFence = (attempt: number) => ({ why: 'reprocessing', attempt }) as const
const FENCE = getFence(5)
const CONTINUES = { fence: FENCE, code: CODE, codeFrom: 3 }

interface LiveStates {
  readonly meta: (state: StateKey) => Promise<StateMeta>
  readonly outbox: (state: StateKey) => AsyncIterable<OutboxEntry>
  /** Whether the store has staged contents of a state, complete or not. */
  readonly hasStaged?: (state: StateKey) => Promise<boolean>
}

export function conformsAsReplaceableStates(
  name: string,
  states: () => ReplaceableStates,
  live: () => StateStore,
  { meta, outbox, hasStaged }: LiveStates,
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
      failures: [createFailure('one', 0)],
      outbox: [{ position: '0.7.0', ...ENTRY }],
      tally: new Map([['applied/counted', 8]]),
      context: { hash: 'h', json: '{"rules":[]}' },
      code: CODE,
      ...change,
    })
    assert.notEqual(await live().commit(state, whole), 'refused')
    return state
  }
  /** The parts of a state that was computed anew up to the same offset. */
  const anew = (meta: object = {}): StatePart[] => [
    ...partsAt(6).map(part =>
      part.kind === 'meta'
        ? { ...part, meta: { ...part.meta, version: { epoch: 0, appliedOffset: 7, fired: 0 }, ...meta } }
        : part,
    ),
    { kind: 'state', entity: 'a', state: 'anew' },
    { kind: 'outbox', outbox: { position: '0.7.1', ...ENTRY } },
  ]
  const staged = async (state: StateKey, parts = anew()) => ({
    ...(await states().stage(state, inPages(parts))),
    above: 0,
  })
  /** Fences the live state, and returns the conditions of its replacement. */
  const fenced = async (state: StateKey) => {
    const { version } = await states().fence(state, FENCE, 60_000)
    return { live: version, continues: CONTINUES }
  }
  const contents = (state: StateKey) =>
    live().load(state, {
      ...EMPTY_SELECTION,
      entities: ['a', 'b', '/a 2'],
      ids: ['ab0123456789'],
      failures: [{ id: createFailure('one', 0).id, producerGroup: 0 }],
      contexts: [],
    })
  const absent = (): StateKey => ({ consumer: 'c', topic: randomUUID(), partition: 3 })
  /** All parts of a state in an order of their own. Paged reads may return a part twice. */
  const readParts = async (state: StateKey): Promise<readonly string[]> => {
    const all = states()
    const parts: StatePart[] = [{ kind: 'meta', meta: await meta(state) }]
    for await (const [entity, stored] of all.states(state))
      parts.push({ kind: 'state', entity, state: stored })
    for await (const [entity, timers] of all.timers(state)) parts.push({ kind: 'timers', entity, timers })
    for await (const entry of outbox(state)) parts.push({ kind: 'outbox', outbox: entry })
    for await (const id of all.ids(state)) parts.push({ kind: 'id', id })
    for await (const failure of all.failures(state)) parts.push({ kind: 'failure', failure })
    const context = await all.context(state)
    if (context) parts.push({ kind: 'context', context })
    return sorted(parts)
  }
  const isStaged = async (state: StateKey, expected: boolean) => {
    if (hasStaged) assert.equal(await hasStaged(state), expected)
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

    it('given a mark of a commit, when the state is replaced, then a load returns none', async () => {
      const state = await given({ mark: 'kept', outbox: [] })
      const base = { epoch: 0, appliedOffset: 7, fired: 0 }
      await states().fence(state, FENCE, 60_000)
      await states().unfence(state, FENCE)
      assert.equal((await live().load(state, EMPTY_SELECTION)).mark, 'kept')
      await replaceState(states(), state, inPages(anew()), base)
      assert.equal((await live().load(state, EMPTY_SELECTION)).mark, undefined)
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

    it('given staged contents, then no load and no commit of the live state sees them', async () => {
      const state = await given()
      const before = await contents(state)
      await staged(state)
      await isStaged(state, true)
      assert.deepEqual(await contents(state), before)
      const base = { epoch: 0, appliedOffset: 7, fired: 0 }
      assert.equal(await live().commit(state, createChange({ base, appliedOffset: 8 })), 'committed')
      assert.equal((await states().facts(state)).version.appliedOffset, 8)
    })

    it('given staged contents at the same offset, then the replacement leaves nothing of the old ones', async () => {
      const state = await given()
      const outcome = await states().replace(state, await staged(state), await fenced(state))
      assert.deepEqual(outcome, { kind: 'replaced', epoch: 1, replacedOffset: 7 })
      const after = await contents(state)
      assert.deepEqual(after.version, { epoch: 1, appliedOffset: 7, fired: 0 })
      assert.deepEqual(after.states.get('a'), 'anew')
      assert.deepEqual(
        [after.states.has('b'), after.timers.has('a'), after.timers.has('/a 2')],
        [false, false, true],
      )
      assert.deepEqual([after.known.size, after.failures.size], [0, 0])
      assert.equal(after.context?.hash, 'h')
      assert.deepEqual(
        after.outbox.map(({ position }) => position),
        ['0.1', '0.7.0', '0.7.1'],
      )
      const { code, codeFrom, fence } = await states().facts(state)
      assert.deepEqual([code, codeFrom, fence], [CODE, 3, undefined])
      await isStaged(state, false)
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
      await states().replace(state, await staged(state, anew({ tally: own })), await fenced(state))
      assert.deepEqual((await meta(state)).tally, {
        'applied/counted': 8,
        'held/x': 1,
        'parked/y': 3,
        'parked-applied/counted': 2,
      })
    })

    it('given a replacement, then a commit from the new version is accepted, one from the old not', async () => {
      const state = await given()
      const conditions = await fenced(state)
      await states().replace(state, await staged(state), conditions)
      const { live: old } = conditions
      assert.equal(await live().commit(state, createChange({ base: old, appliedOffset: 8 })), 'refused')
      const { version: base, clock } = await states().facts(state)
      assert.equal(await live().commit(state, createChange({ base, clock, appliedOffset: 8 })), 'committed')
    })

    for (const [what, changed, kind] of [
      ['a live state that has moved', { live: { epoch: 0, appliedOffset: 6, fired: 0 } }, 'moved'],
      ['a live state of another epoch', { live: { epoch: 1, appliedOffset: 7, fired: 0 } }, 'moved'],
      ['a live state among its timers', { live: { epoch: 0, appliedOffset: 7, fired: 1 } }, 'moved'],
      ['the fence of a later command', { continues: { ...CONTINUES, fence: getFence(4) } }, 'moved'],
      ['other code', { continues: { ...CONTINUES, code: 'v2/settings' } }, 'other-code'],
    ] as const)
      it(`given ${what}, then the answer is ${kind}, and nothing has changed or is left`, async () => {
        const state = await given()
        const before = await contents(state)
        const own = await staged(state)
        const outcome = await states().replace(state, own, { ...(await fenced(state)), ...changed })
        await states().unfence(state, FENCE)
        assert.deepEqual(outcome, { kind })
        assert.deepEqual(await contents(state), before)
        await isStaged(state, false)
      })

    it('given no fence, then contents that continue a state do not replace it', async () => {
      const state = await given()
      const conditions = await fenced(state)
      await states().unfence(state, FENCE)
      assert.deepEqual(await states().replace(state, await staged(state), conditions), { kind: 'moved' })
    })

    it('given contents that another run stages meanwhile, then the first run is refused, and its pages too', async () => {
      const state = await given()
      const first = await staged(state)
      const second = await staged(state)
      const conditions = await fenced(state)
      assert.deepEqual(await states().replace(state, first, conditions), { kind: 'overtaken' })
      assert.equal((await states().replace(state, second, conditions)).kind, 'replaced')
      const overtaken = async function* () {
        yield anew()
        await states().unstage(state)
      }
      await assert.rejects(states().stage(state, overtaken()), { why: 'overtaken' })
      await isStaged(state, false)
    })

    it('given contents that replaced the state once, then they cannot do it again', async () => {
      const state = await given()
      const own = await staged(state)
      assert.equal((await states().replace(state, own, await fenced(state))).kind, 'replaced')
      assert.deepEqual(await states().replace(state, own, { live: undefined }), { kind: 'overtaken' })
    })

    it('given pages that end with an error, then nothing of them is left, and the next run stages all', async () => {
      const state = await given()
      async function* broken() {
        yield [{ kind: 'state' as const, entity: 'b', state: 'broken' }, ...anew()]
        throw new Error('the connection is lost')
      }
      await assert.rejects(states().stage(state, broken()), /the connection is lost/)
      await isStaged(state, false)
      await states().replace(state, await staged(state), await fenced(state))
      const { states: found } = await contents(state)
      assert.deepEqual([found.get('a'), found.get('b')], ['anew', undefined])
    })

    it('given staged contents that are removed, then they cannot replace the state', async () => {
      const state = await given()
      const own = await staged(state)
      await states().unstage(state)
      await isStaged(state, false)
      assert.deepEqual(await states().replace(state, own, await fenced(state)), { kind: 'overtaken' })
    })

    it('given a whole replacement, then its epoch is higher than both, whatever the live state is', async () => {
      const state = await given()
      const own = await staged(state)
      assert.deepEqual(await replaceState(states(), state, inPages(partsAt(3, 4))), {
        epoch: 5,
        appliedOffset: 7,
      })
      assert.deepEqual(await states().replace(state, own, await fenced(state)), { kind: 'overtaken' })
      await states().unfence(state, FENCE)
      const base = { epoch: 0, appliedOffset: 7, fired: 0 }
      await assert.rejects(replaceState(states(), state, inPages(partsAt(3)), base), { why: 'moved' })
      assert.equal((await states().facts(state)).version.epoch, 5)
      await isStaged(state, false)
    })

    it('given contents of all kinds, then the state that they become has each of them as it was', async () => {
      const state = absent()
      await replaceState(states(), state, inPages(partsAt(41, 3)))
      const [, ...others] = partsAt(41)
      assert.deepEqual(await readParts(state), sorted([{ kind: 'meta', meta: metaAt(41, 4) }, ...others]))
      const ids = others.flatMap(part => (part.kind === 'id' ? [part.id.id] : []))
      const { known, clock } = await live().load(state, { ...EMPTY_SELECTION, ids })
      assert.deepEqual([known.size, clock], [900, metaAt(41).clock])
    })

    it('given held entities, even twice, then the bytes of what they have parked are counted once', async () => {
      const state = absent()
      const parked = { key: 'a2V5', value: 'x'.repeat(1_000), headers: [['id', 'eA==']] }
      const held = (entity: string, count: number): StatePart => {
        const hold = JSON.stringify({ untilMs: 1, parked: Array(count).fill(parked), timers: [] })
        return { kind: 'state', entity, state: withHold('@1a {}', hold) ?? '' }
      }
      const others = partsAt(41)
      const readBytes = async (parts: readonly StatePart[]) => {
        await replaceState(states(), state, inPages(parts))
        return (await live().load(state, EMPTY_SELECTION)).parkedBytes
      }
      const each = (await readBytes([...others, held('/b 1', 2), held('/b 2', 1)])) / 3
      assert.ok(each >= 1_006 && each < 1_300, `${each}`)
      assert.equal(await readBytes([...others, held('/b 1', 2), ...others, held('/b 1', 2)]), 2 * each)
    })

    it('given an id with two times, then the newer one counts, even if they are on different pages', async () => {
      const state = absent()
      const id = { id: 'ab0123456789', digest: '12345678', appliedAtMs: 3 }
      const between = Array.from({ length: 60 }, (_, entity): StatePart => {
        return { kind: 'state', entity: `e ${entity}`, state: '1' }
      })
      const parts: StatePart[] = [
        { kind: 'meta', meta: metaAt(1) },
        { kind: 'id', id: { ...id, appliedAtMs: 2, digest: 'older---' } },
        { kind: 'id', id: { ...id, id: 'ab9876543210' } },
        ...between,
        { kind: 'id', id },
      ]
      await replaceState(states(), state, inPages(parts))
      const { known } = await live().load(state, { ...EMPTY_SELECTION, ids: [id.id, 'ab9876543210'] })
      assert.deepEqual([known.get(id.id), known.size], [id, 2])
    })

    it('given ids, failures and a context of the live state, then they can be listed', async () => {
      const state = await given()
      const [ids, failures] = [[] as string[], [] as string[]]
      for await (const { id } of states().ids(state)) ids.push(id)
      for await (const { id } of states().failures(state)) failures.push(id)
      assert.deepEqual([ids, failures], [['ab0123456789'], [createFailure('one', 0).id]])
      assert.deepEqual(await states().context(state), { hash: 'h', json: '{"rules":[]}' })
    })
  })
}

function sorted(parts: readonly StatePart[]): readonly string[] {
  return [...new Set(parts.map(part => JSON.stringify(part)))].sort()
}
