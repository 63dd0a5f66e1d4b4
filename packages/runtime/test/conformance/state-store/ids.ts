/** Which ids are known, and for how long. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { RememberedId } from '../../../pipeline/model/partition-state.ts'
import type { StateStore } from '../../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { createChange, versionAt } from '../../support/changes.ts'
import { clockAt, id, newStateKey, WINDOW } from './samples.ts'

export function idTests(store: () => StateStore): void {
  it('given ids within the window of log time, then they are known, however long the log is', async () => {
    const stateKey = newStateKey()
    let appliedOffset = -1
    // The times are in different buckets, if a store keeps ids in buckets.
    for (const nowMs of [0, WINDOW / 2, WINDOW - 1, WINDOW, WINDOW * 1.5]) {
      const base = versionAt(appliedOffset)
      appliedOffset++
      const remembered = id(`at ${nowMs}`, nowMs)
      await store().commit(
        stateKey,
        createChange({ base, appliedOffset, clock: clockAt(nowMs), ids: [remembered] }),
      )
    }
    const within = [WINDOW / 2, WINDOW - 1, WINDOW, WINDOW * 1.5]
    const { known } = await store().load(stateKey, {
      ...EMPTY_SELECTION,
      ids: within.map(at => id(`at ${at}`).id),
    })
    assert.deepEqual(
      [...known.values()].map(({ appliedAtMs }) => appliedAtMs).sort((a, b) => a - b),
      within,
    )
  })

  it('given an id that is applied again after its window, then the newer application is known', async () => {
    const stateKey = newStateKey()
    await store().commit(stateKey, createChange({ appliedOffset: 0, clock: clockAt(0), ids: [id('a', 0)] }))
    const later = clockAt(WINDOW + 1)
    const again = createChange({
      base: versionAt(0),
      appliedOffset: 1,
      clock: later,
      ids: [id('a', WINDOW + 1)],
    })
    await store().commit(stateKey, again)
    const { known } = await store().load(stateKey, { ...EMPTY_SELECTION, ids: [id('a').id] })
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
    await store().commit(stateKey, createChange({ appliedOffset: 0, clock: clockAt(1000), ids: first }))
    const again = named(7, 'otherone')
    const base = versionAt(0)
    await store().commit(
      stateKey,
      createChange({ base, appliedOffset: 1, clock: clockAt(1001), ids: [again] }),
    )
    const { known } = await store().load(stateKey, {
      ...EMPTY_SELECTION,
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
      const ids = Array.from({ length: 200 }, (_, index) => named(appliedOffset * 100 + index, appliedOffset))
      for (const each of ids) applied.set(each.id, each)
      const base = versionAt(appliedOffset - 1)
      await store().commit(
        stateKey,
        createChange({ base, appliedOffset, clock: clockAt(appliedOffset), ids }),
      )
    }
    const { known } = await store().load(stateKey, { ...EMPTY_SELECTION, ids: [...applied.keys()] })
    assert.deepEqual(known, applied)
  })

  it('given ids with bytes that are special in a pattern, then they are compared literally', async () => {
    const stateKey = newStateKey()
    const first = { id: 'ab(.(.(.(.(.', digest: '(.(.(.(.', appliedAtMs: 1 }
    await store().commit(stateKey, createChange({ appliedOffset: 0, clock: clockAt(1000), ids: [first] }))
    // The second id was not stored, but its bytes occur where a digest is followed by a clock.
    const { known } = await store().load(stateKey, {
      ...EMPTY_SELECTION,
      ids: [first.id, 'ab(.(.(.(.\u0000\u0000'],
    })
    assert.deepEqual([...known.values()], [first])
  })
}
