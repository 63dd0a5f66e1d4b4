/** The behaviour that every `Generations` must have, together with the store of the live states. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { type Generations, replaceState } from '../../packages/runtime/pipeline/generations/generations.ts'
import type { Change, StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { StateStore } from '../../packages/runtime/pipeline/ports.ts'
import { NOTHING_WANTED } from '../../packages/runtime/testing/wanted.ts'
import { changeOf, failureOf } from '../support/changes.ts'
import { inPages, partsAt } from '../support/parts.ts'

const CODE = 'v1/settings'
const ENTRY = { to: 'events', key: 'k', event: { id: '1', source: '/s', type: 't' } } as const

const REPROCESSING = { kind: 'reprocessing', attempt: 0 } as const
const fenceOf = (attempt: number) => ({ why: 'reprocessing', attempt }) as const

interface LiveStates {
  /** The counters of a state, by name. */
  readonly tally: (state: StateKey) => Promise<Readonly<Record<string, number>>>
}

export function conformsAsGenerations(
  name: string,
  copies: () => Generations,
  live: () => StateStore,
  { tally }: LiveStates,
): void {
  const given = async (change: Partial<Change> = {}) => {
    const state: StateKey = { consumer: 'c', topic: randomUUID(), partition: 3 }
    const whole = changeOf({
      appliedOffset: 7,
      states: new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
      timers: new Map([['a', [{ name: 't', dueMs: 1, thresholdMs: 9, id: 'i', trace: {} }]]]),
      ids: [{ id: 'ab0123456789', digest: '12345678', appliedAtMs: 0 }],
      failures: [failureOf('one', 0)],
      outbox: [{ position: '0.7.0', ...ENTRY }],
      tally: new Map([['applied/counted', 8]]),
      context: { hash: 'h', json: '{"rules":[]}' },
      code: CODE,
      ...change,
    })
    assert.equal(await live().commit(state, whole), 'committed')
    return state
  }
  const seeded = async (state: StateKey, parts = partsAt(6)) => {
    await copies().build(state, REPROCESSING, inPages(parts))
    const rebuilt = copies().store()
    const { version } = await rebuilt.load(state, NOTHING_WANTED)
    const change = changeOf({
      base: version,
      appliedOffset: 7,
      clock: { nowMs: 5_000, lastAppendMs: 2, highestAppendMs: 2 },
      states: new Map([['a', 'anew']]),
      outbox: [{ position: '0.7.1', ...ENTRY }],
      tally: new Map([['applied/rebuilt', 3]]),
      code: CODE,
    })
    assert.equal(await rebuilt.commit(state, change), 'committed')
  }
  /** Fences the live state. */
  const versions = async (state: StateKey) => {
    const own = fenceOf(5)
    const { version: live } = await copies().fence(state, own, 60_000)
    const { version: next } = await copies().facts(state, 'next')
    return { live, next, above: 0, fence: own }
  }
  const contents = (store: StateStore, state: StateKey) =>
    store.load(state, {
      ...NOTHING_WANTED,
      entities: ['a', 'b', '/a 2'],
      ids: ['ab0123456789'],
      failures: [{ id: failureOf('one', 0).id, producerGroup: 0 }],
      contexts: [],
    })

  describe(`${name} as generations`, () => {
    it('given a state that nothing was committed to, then its facts say that it is absent', async () => {
      const facts = await copies().facts({ consumer: 'c', topic: randomUUID(), partition: 0 }, 'next')
      assert.deepEqual([facts.version, facts.code], [{ epoch: 0, appliedOffset: -1, fired: 0 }, undefined])
    })

    it('given commits of several codes, then the facts say from where on the last one has decided alone', async () => {
      const state = await given()
      const commit = async (appliedOffset: number, code: string) => {
        const { version: base } = await copies().facts(state)
        await live().commit(state, changeOf({ base, appliedOffset, code }))
        return (await copies().facts(state)).codeFrom
      }
      assert.deepEqual([await commit(9, CODE), await commit(11, 'v2'), await commit(13, 'v2')], [0, 10, 10])
      assert.equal(await commit(15, CODE), 14)
    })

    it('given a fence, then nothing is committed until it is lifted, and the version stays', async () => {
      const state = await given()
      const base = { epoch: 0, appliedOffset: 7, fired: 0 }
      const next = changeOf({ base, appliedOffset: 8 })
      assert.deepEqual(
        await copies()
          .fence(state, fenceOf(5), 60_000)
          .then(({ version }) => version),
        base,
      )
      assert.equal(await live().commit(state, next), 'refused')
      await assert.rejects(live().load(state, NOTHING_WANTED), { code: 'reprocessing' })
      await copies().unfence(state, fenceOf(4))
      assert.equal(await live().commit(state, next), 'refused')
      await copies().unfence(state, fenceOf(5))
      assert.equal(await live().commit(state, next), 'committed')
      assert.equal((await copies().facts(state)).fence, undefined)
    })

    it('given the fence of a command that was killed, then the next one has it, and the first no longer', async () => {
      const state = await given()
      await copies().fence(state, fenceOf(1), 60_000)
      assert.equal((await copies().fence(state, fenceOf(2), 60_000)).version.appliedOffset, 7)
      assert.equal((await copies().fence(state, fenceOf(1), 60_000)).fence.attempt, 2)
      await copies().unfence(state, fenceOf(1))
      assert.equal((await copies().facts(state)).fence?.attempt, 2)
    })

    it('given a rebuilt state at the same offset, then at the switch nothing of the old one is left', async () => {
      const state = await given()
      await seeded(state)
      const outcome = await copies().switchOver(state, { ...(await versions(state)), code: CODE })
      assert.deepEqual(outcome, { kind: 'switched', epoch: 1, replacedOffset: 7 })
      const after = await contents(live(), state)
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
      assert.deepEqual((await copies().facts(state, 'next')).version.appliedOffset, -1)
    })

    it('given the switch, then counters go on, but those of held entities are as the rebuilt state has them', async () => {
      const counters = {
        'applied/counted': 8,
        'held/x': 2,
        'released/full': 1,
        'parked/y': 4,
        'parked-failed/x': 1,
      }
      const state = await given({ tally: new Map(Object.entries(counters)) })
      const own = { 'held/x': 1, 'parked/y': 3, 'parked-applied/counted': 2, 'applied/rebuilt': 5 }
      await seeded(
        state,
        partsAt(6).map(part =>
          part.kind === 'meta' ? { ...part, meta: { ...part.meta, tally: own } } : part,
        ),
      )
      await copies().switchOver(state, { ...(await versions(state)), code: CODE })
      assert.deepEqual(await tally(state), {
        'applied/counted': 8,
        'held/x': 1,
        'parked/y': 3,
        'parked-applied/counted': 2,
      })
    })

    it('given the switch, then a commit from the new version is accepted, one from the old not', async () => {
      const state = await given()
      await seeded(state)
      const { live: old, ...expected } = await versions(state)
      await copies().switchOver(state, { live: old, ...expected, code: CODE })
      assert.equal(await live().commit(state, changeOf({ base: old, appliedOffset: 8 })), 'refused')
      const { version: base, clock } = await copies().facts(state)
      assert.equal(await live().commit(state, changeOf({ base, clock, appliedOffset: 8 })), 'committed')
    })

    for (const [what, expected, kind] of [
      ['a live state that has moved', { live: { epoch: 0, appliedOffset: 6, fired: 0 } }, 'moved'],
      ['a live state among its timers', { live: { epoch: 0, appliedOffset: 7, fired: 1 } }, 'moved'],
      ['another rebuilt state', { next: { epoch: 1e9, appliedOffset: 7, fired: 0 } }, 'overtaken'],
      ['the fence of a later command', { fence: fenceOf(4) }, 'moved'],
      ['other code', { code: 'v2/settings' }, 'other-code'],
    ] as const)
      it(`given ${what}, then the answer is ${kind} and nothing has changed`, async () => {
        const state = await given()
        await seeded(state)
        const before = [await contents(live(), state), await contents(copies().store(), state)]
        const known = await versions(state)
        const outcome = await copies().switchOver(state, { ...known, code: CODE, ...expected })
        await copies().unfence(state, fenceOf(5))
        assert.deepEqual(outcome, { kind })
        assert.deepEqual([await contents(live(), state), await contents(copies().store(), state)], before)
      })

    it('given a rebuilt state of another growth of the topic, then it does not become the live one', async () => {
      const state = await given()
      const partitioning = { generation: 1, partitions: 24 }
      await seeded(
        state,
        partsAt(6).map(part =>
          part.kind === 'meta' ? { ...part, meta: { ...part.meta, partitioning } } : part,
        ),
      )
      const outcome = await copies().switchOver(state, { ...(await versions(state)), code: CODE })
      assert.deepEqual(outcome, { kind: 'other-partitioning' })
      assert.equal((await copies().facts(state)).version.epoch, 0)
    })

    it('given a claim of the rebuilt state, then what was expected of it before is refused', async () => {
      const state = await given()
      assert.equal(await copies().claim(state, 'reprocessing'), undefined)
      await seeded(state)
      const before = await versions(state)
      assert.equal(await copies().claim(state, 'replacement'), undefined)
      assert.ok(Number(await copies().claim(state, 'reprocessing')) > before.next.epoch)
      assert.deepEqual(await copies().switchOver(state, { ...before, code: CODE }), { kind: 'overtaken' })
      assert.equal((await copies().facts(state, 'next')).code, CODE)
    })

    it('given pages that end with an error, then there is no rebuilt state, and the next attempt makes one', async () => {
      const state = await given()
      async function* broken() {
        yield partsAt(6)
        throw new Error('the bucket is gone')
      }
      await assert.rejects(copies().build(state, REPROCESSING, broken()), /the bucket is gone/)
      assert.equal((await copies().facts(state, 'next')).version.appliedOffset, -1)
      assert.equal(await copies().claim(state, 'reprocessing'), undefined)
      await seeded(state)
      assert.equal((await contents(copies().store(), state)).states.get('a'), 'anew')
    })

    it('given a copy that is dropped, then it is absent and the live state stays', async () => {
      const state = await given()
      await seeded(state)
      await copies().drop(state, { kind: 'replacement', attempt: 9 })
      assert.equal(await copies().purpose(state), 'reprocessing')
      await copies().drop(state, REPROCESSING)
      assert.equal((await copies().facts(state, 'next')).version.appliedOffset, -1)
      assert.equal((await contents(copies().store(), state)).states.size, 0)
      assert.equal((await contents(live(), state)).states.size, 2)
    })

    it('given an import or a restore, then what was rebuilt is gone, and who worked on it is refused', async () => {
      const state = await given()
      await seeded(state)
      const before = await versions(state)
      await copies().unfence(state, before.fence)
      const pages = inPages(partsAt(3, 4))
      assert.deepEqual(await replaceState(copies(), state, pages), { epoch: 5, appliedOffset: 7 })
      assert.equal(await copies().purpose(state), undefined)
      assert.equal(await copies().claim(state, 'reprocessing'), undefined)
      await seeded(state)
      const change = changeOf({ base: before.next, appliedOffset: 8, code: CODE })
      assert.equal(await copies().store().commit(state, change), 'refused')
      const again = await copies().facts(state, 'next')
      assert.ok(again.version.epoch > before.next.epoch)
    })

    it('given a replacement that another one has overtaken, or whose base has moved, then nothing changes', async () => {
      const state = await given()
      const overtaken = async function* () {
        yield partsAt(3)
        await copies().build(state, REPROCESSING, inPages(partsAt(4)))
      }
      await assert.rejects(replaceState(copies(), state, overtaken()), { why: 'overtaken' })
      assert.equal(await copies().purpose(state), 'reprocessing')
      const base = { epoch: 0, appliedOffset: 6, fired: 0 }
      await assert.rejects(replaceState(copies(), state, inPages(partsAt(3)), base), { why: 'moved' })
      // The generation has this purpose alone.
      assert.equal(await copies().purpose(state), undefined)
      assert.equal((await copies().facts(state)).version.appliedOffset, 7)
    })

    it('given ids, failures and a context of the live state, then they can be listed', async () => {
      const state = await given()
      const [ids, failures] = [[] as string[], [] as string[]]
      for await (const { id } of copies().ids(state)) ids.push(id)
      for await (const { id } of copies().failures(state)) failures.push(id)
      assert.deepEqual([ids, failures], [['ab0123456789'], [failureOf('one', 0).id]])
      assert.deepEqual(await copies().context(state), { hash: 'h', json: '{"rules":[]}' })
    })
  })
}
