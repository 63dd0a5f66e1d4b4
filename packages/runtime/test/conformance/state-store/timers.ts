/** Which timers a load returns, and what a commit changes of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StateStore } from '../../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { createChange, versionAt } from '../../support/changes.ts'
import { clockAt, newStateKey, timer } from './samples.ts'

export function timerTests(store: () => StateStore): void {
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
      ...EMPTY_SELECTION,
      span: { firstAppendMs: 1, advanceMs },
      ...rest,
    })

    it('given timers, then those of wanted entities are loaded, and due ones with their states', async () => {
      const stateKey = newStateKey()
      const set = timers(['a', 'late', 500], ['b', 'soon', 100], ['b', 'later', 900], ['c', 'never', 901])
      const states = new Map([...'abc'].map(entity => [entity, `"${entity}"`]))
      await store().commit(stateKey, createChange({ states, timers: set }))
      const loaded = await store().load(stateKey, until(101, { entities: ['a'] }))
      assert.deepEqual([...loaded.timers].sort(), [...set].slice(0, 2).sort())
      assert.deepEqual([...loaded.states.keys()].sort(), ['a', 'b'])
      assert.equal(loaded.timersUpTo, undefined)
    })

    it('given a threshold that the chunk reaches but does not pass, then its timer is not due', async () => {
      const stateKey = newStateKey()
      await store().commit(stateKey, createChange({ timers: timers(['a', 't', 100]) }))
      assert.equal((await store().load(stateKey, until(100))).timers.size, 0)
      assert.equal((await store().load(stateKey, until(101))).timers.size, 1)
    })

    // Promise docs/guarantees.md#Pauses do not move log time
    it('given a pause before a chunk, then the clock advances by at most one step', async () => {
      const stateKey = newStateKey()
      await store().commit(
        stateKey,
        createChange({ timers: timers(['a', 't', 120_000 - 1], ['b', 't', 120_000]) }),
      )
      const afterAnHour = { ...EMPTY_SELECTION, span: { firstAppendMs: 3_600_000, advanceMs: 0 } }
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
      await store().commit(stateKey, createChange({ timers: set }))
      const loaded = await store().load(stateKey, until(10, { timerLimit: 4 }))
      assert.deepEqual(loaded.timersUpTo, { thresholdMs: 5, entity: '\uffee' })
      assert.deepEqual([...loaded.timers.keys()].sort(), ['y', 'z', 'ä', '\uffee'].sort())
      assert.equal((await store().load(stateKey, until(10, { timerLimit: 5 }))).timersUpTo, undefined)
    })

    it('given timers that are changed or cancelled, then the old ones are gone', async () => {
      const stateKey = newStateKey()
      await store().commit(stateKey, createChange({ timers: timers(['a', 't', 5], ['b', 't', 5]) }))
      const moved = new Map([...timers(['a', 't', 50]), ['b', []] as const])
      await store().commit(stateKey, createChange({ base: versionAt(0), appliedOffset: 1, timers: moved }))
      const { timers: loaded } = await store().load(stateKey, until(100))
      assert.deepEqual([...loaded], [...timers(['a', 't', 50])])
    })

    it('given entities whose last timer is cancelled, then they are not due and do not count as due', async () => {
      const stateKey = newStateKey()
      const cancelled = ['a', 'b', 'c'].map(entity => [entity, 't', 5] as [string, string, number])
      await store().commit(stateKey, createChange({ timers: timers(...cancelled, ['z', 't', 50]) }))
      const none = new Map(cancelled.map(([entity]) => [entity, []] as const))
      await store().commit(stateKey, createChange({ base: versionAt(0), appliedOffset: 1, timers: none }))
      const loaded = await store().load(stateKey, until(100, { timerLimit: 1 }))
      assert.deepEqual([...loaded.timers.keys()], ['z'])
      assert.equal(loaded.timersUpTo, undefined, 'nothing else is due')
    })

    it('given timers fired at the same applied offset, then their count is part of the version', async () => {
      const stateKey = newStateKey()
      const first = createChange({
        appliedOffset: -1,
        fired: 500,
        emitted: 7,
        clock: { ...clockAt(0), lastAppendMs: undefined, highestAppendMs: undefined },
      })
      assert.equal(await store().commit(stateKey, first), 'committed')
      assert.equal(await store().commit(stateKey, first), 'refused')
      const loaded = await store().load(stateKey, EMPTY_SELECTION)
      assert.deepEqual(loaded.version, { epoch: 0, appliedOffset: -1, fired: 500 })
      assert.equal(loaded.emitted, 7)
      assert.equal(loaded.clock.lastAppendMs, undefined)
    })
  })
}
