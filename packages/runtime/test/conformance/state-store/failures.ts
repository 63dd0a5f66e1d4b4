/** Which failures are remembered, and for how long. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { derivedId } from '../../../consumer/derived-id.ts'
import type { RememberedFailure } from '../../../pipeline/model/failure-memory.ts'
import type { StateKey } from '../../../pipeline/model/partition-state.ts'
import type { StateStore } from '../../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { createChange, createFailure, versionAt } from '../../support/changes.ts'
import { clockAt, newStateKey, WINDOW } from './samples.ts'

export function failureTests(store: () => StateStore): void {
  it('given failures, then they are known until they are older than the window', async () => {
    const stateKey = newStateKey()
    const day = 24 * WINDOW
    const known = { attempt: 999_999_999, isReopened: true } as const
    const first = { ...createFailure('f', 0), ...known }
    const again = { ...createFailure('f', day), attempt: 2, isOpen: false }
    await store().commit(stateKey, createChange({ failures: [first] }))
    const { id } = first
    const others = [derivedId('never failed'), 'ü {x}', `${id}x`]
    const names = [...others, id].map(name => ({ id: name, producerGroup: 0 }))
    const wanted = { ...EMPTY_SELECTION, failures: [...names, { id, producerGroup: 1 }].toReversed() }
    assert.deepEqual((await store().load(stateKey, wanted)).failures, new Map([[id, first]]))
    await store().commit(
      stateKey,
      createChange({ base: versionAt(0), appliedOffset: 1, clock: clockAt(day), failures: [again] }),
    )
    assert.deepEqual((await store().load(stateKey, wanted)).failures, new Map([[id, again]]))
    await store().commit(
      stateKey,
      createChange({ base: versionAt(1), appliedOffset: 2, clock: clockAt(31 * day) }),
    )
    assert.equal((await store().load(stateKey, wanted)).failures.size, 1)
    await store().commit(
      stateKey,
      createChange({ base: versionAt(2), appliedOffset: 3, clock: clockAt(33 * day) }),
    )
    const { failures, failuresFromMs, clock } = await store().load(stateKey, wanted)
    assert.equal(failures.size, 0)
    assert.equal(failuresFromMs, (clock.highestAppendMs ?? 0) + 1)
  })

  describe('remembered failures', () => {
    const LIMIT = 64 * 1024
    /** Makes consecutive commits, each with some failures of one producer group. */
    async function failing(stateKey: StateKey, groups: readonly number[], count: number) {
      const all: RememberedFailure[] = []
      for (const [appliedOffset, group] of groups.entries()) {
        const failures = Array.from({ length: count }, (_, index) =>
          createFailure(`${appliedOffset} ${index}`, 0, group),
        )
        all.push(...failures)
        const base = versionAt(appliedOffset - 1)
        const change = { base, appliedOffset, failures, failureBytes: LIMIT, forgottenTold: 0 }
        assert.equal(await store().commit(stateKey, createChange(change)), 'committed')
      }
      return all
    }
    const found = async (stateKey: StateKey, failures: readonly RememberedFailure[]) => {
      const loaded = await store().load(stateKey, { ...EMPTY_SELECTION, failures })
      return failures.filter(({ id }) => loaded.failures.has(id))
    }

    it('given a producer with more failures than fit, then only its newest are known', async () => {
      const stateKey = newStateKey()
      const all = await failing(stateKey, Array(60).fill(0), 50)
      const { failureMemory } = await store().load(stateKey, EMPTY_SELECTION)
      assert.ok(failureMemory.bytes <= LIMIT && failureMemory.bytes > LIMIT / 2, `${failureMemory.bytes}`)
      const known = await found(stateKey, all)
      assert.deepEqual(known, all.slice(-known.length))
      assert.ok(known.length >= 400 && known.length * 56 <= LIMIT, `${known.length}`)
      assert.equal(failureMemory.forgotten, all.length - known.length)
    })

    for (const [failuresFromMs, then] of [
      [1, 6],
      [undefined, undefined],
    ])
      it(`given that all were known from ${failuresFromMs} on, when some are forgotten, then from ${then} on`, async () => {
        const stateKey = newStateKey()
        const failures = Array.from({ length: 40 }, (_, index) => createFailure(`${index}`, 0))
        const clock = { nowMs: 0, lastAppendMs: 3, highestAppendMs: 5 }
        const known = async () => (await store().load(stateKey, EMPTY_SELECTION)).failuresFromMs
        await store().commit(stateKey, createChange({ clock, failures, failuresFromMs }))
        assert.equal(await known(), failuresFromMs)
        const change = { base: versionAt(0), appliedOffset: 1, clock, failureBytes: 100, failuresFromMs }
        await store().commit(stateKey, createChange(change))
        assert.equal(await known(), then)
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
      const { forgotten } = (await store().load(stateKey, EMPTY_SELECTION)).failureMemory
      assert.ok(forgotten > 0)
      const change = {
        base: versionAt(39),
        appliedOffset: 40,
        forgottenTold: forgotten,
        failureBytes: LIMIT,
      }
      await store().commit(stateKey, createChange(change))
      assert.equal((await store().load(stateKey, EMPTY_SELECTION)).failureMemory.forgotten, 0)
    })
  })
}
