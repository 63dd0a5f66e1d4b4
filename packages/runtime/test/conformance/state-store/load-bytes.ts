/** Limits of the bytes of a load. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StateStore } from '../../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
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

    describe('given holders of failures', () => {
      const holder = (name: string) => ` held ${name}`
      const held = (...waiting: readonly (readonly [name: string, entity: string])[]) =>
        new Map([
          ...states,
          ...waiting.map(([name, entity]) => [holder(name), JSON.stringify(entity)] as const),
        ])
      const wanted = { ...EMPTY_SELECTION, holders: ['a', 'none', 'b'].map(holder) }

      it('then one load returns them and the entities that wait, with their timers', async () => {
        const stateKey = newStateKey()
        const waiting = held(['a', 'e07'], ['b', 'e08'])
        await store().commit(stateKey, createChange({ states: waiting, timers: dueAt(5, ['e08']) }))
        for (const [entities, due] of [
          [['e01'], false],
          [['e08', 'e01', 'e07'], false],
          [['e01'], true],
        ] as const) {
          const loaded = await store().load(stateKey, { ...wanted, entities, ...(due && { span }) })
          const names = [holder('a'), holder('b'), 'e01', 'e07', 'e08']
          assert.deepEqual([...loaded.states.keys()].sort(), names)
          for (const name of names) assert.equal(loaded.states.get(name), waiting.get(name))
          assert.deepEqual([...loaded.timers.keys()], ['e08'])
          assert.equal(loaded.notLoaded.size, 0)
        }
      })

      it('then of more bytes than fit, the first that waits and the first wanted one are loaded', async () => {
        const stateKey = newStateKey()
        await store().commit(stateKey, createChange({ states: held(['a', 'e07'], ['b', 'e08']) }))
        const entities = ['e01', 'e08', 'e02']
        const loaded = await store().load(stateKey, { ...wanted, entities, byteLimit: 10 })
        assert.deepEqual([...loaded.states.keys()].sort(), [holder('a'), holder('b'), 'e01', 'e07'])
        assert.deepEqual(loaded.notLoaded, new Set(['e08', 'e02']))
      })

      it('then the first wanted entity is loaded, also if it waits and is not the first that does', async () => {
        const stateKey = newStateKey()
        await store().commit(stateKey, createChange({ states: held(['a', 'e07'], ['b', 'e08']) }))
        const loaded = await store().load(stateKey, { ...wanted, entities: ['e08', 'e01'], byteLimit: 10 })
        assert.deepEqual([...loaded.timers.keys(), ...loaded.states.keys()].sort(), [
          ...[holder('a'), holder('b'), 'e07', 'e08'],
        ])
        assert.deepEqual(loaded.notLoaded, new Set(['e01']))
      })

      it('then an entity whose name is no plain text is found, too', async () => {
        const stateKey = newStateKey()
        const entity = '/s "\\ü😀\u0001'
        await store().commit(
          stateKey,
          createChange({
            states: new Map([
              [holder('a'), JSON.stringify(entity)],
              [entity, '1'],
            ]),
          }),
        )
        assert.equal((await store().load(stateKey, wanted)).states.get(entity), '1')
      })
    })

    it('given entities without state and timers, then they use none of the bytes', async () => {
      const stateKey = newStateKey()
      const loaded = await store().load(stateKey, { ...EMPTY_SELECTION, entities: names, byteLimit: 1 })
      assert.equal(loaded.notLoaded.size, 0)
    })
  })
}
