/** Limits of the bytes of a load. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StateStore } from '#runtime/pipeline/ports.ts'
import { EMPTY_SELECTION } from '#runtime/testing/empty-selection.ts'
import { createChange } from '../../support/changes.ts'
import { newStateKey, timer } from './samples.ts'

export function loadByteTests(store: () => StateStore): void {
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
      await store().commit(stateKey, createChange({ states }))
      for (const [byteLimit, count] of [
        [1_999, 19],
        [2_000, 20],
        [4_000, 40],
      ] as const) {
        const loaded = await store().load(stateKey, { ...EMPTY_SELECTION, entities: names, byteLimit })
        assert.deepEqual(loaded.states, new Map([...states].slice(0, count)))
        assert.deepEqual(loaded.notLoaded, new Set(names.slice(count)))
      }
    })

    it('given limits below any state, then the first due and the first wanted entity are loaded', async () => {
      const stateKey = newStateKey()
      await store().commit(stateKey, createChange({ states, timers: dueAt(5, ['e07', 'e08']) }))
      const wanted = { ...EMPTY_SELECTION, entities: ['e01', 'e02', 'e08'], span, byteLimit: 10 }
      const loaded = await store().load(stateKey, wanted)
      assert.deepEqual([...loaded.states.keys()].sort(), ['e01', 'e07'])
      assert.deepEqual(loaded.timersUpTo, { thresholdMs: 5, entity: 'e07' })
      assert.deepEqual(loaded.notLoaded, new Set(['e02', 'e08']))
    })

    it('given more due entities than fit, then they get half of the bytes, and wanted ones the rest', async () => {
      const stateKey = newStateKey()
      const due = names.slice(0, 10)
      await store().commit(stateKey, createChange({ states, timers: dueAt(5, due) }))
      const byteLimit = 8 * (100 + timerBytes)
      // The first wanted entity is also due, and counts as due.
      const wanted = { ...EMPTY_SELECTION, entities: ['e00', ...names.slice(20)], span, byteLimit }
      const loaded = await store().load(stateKey, wanted)
      assert.deepEqual(loaded.timersUpTo, { thresholdMs: 5, entity: 'e03' })
      assert.deepEqual([...loaded.timers.keys()].sort(), due.slice(0, 4))
      const rest = Math.floor(byteLimit / 2 / 100)
      assert.deepEqual(loaded.notLoaded, new Set(names.slice(20 + rest)))
      assert.equal(loaded.states.size, Math.min(4 + rest, 24))
    })

    it('given entities without state and timers, then they use none of the bytes', async () => {
      const stateKey = newStateKey()
      const loaded = await store().load(stateKey, { ...EMPTY_SELECTION, entities: names, byteLimit: 1 })
      assert.equal(loaded.notLoaded.size, 0)
    })
  })
}
