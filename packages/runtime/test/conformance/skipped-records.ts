/** The behaviour that every `SkippedRecords` must have, together with the stores that load the partition states. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SkippedRecords, StateStore } from '../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../testing/empty-selection.ts'
import { createChange, versionAt } from '../support/changes.ts'
import { newStateKey } from './state-store/samples.ts'

interface Skipping {
  readonly records: SkippedRecords
  readonly store: StateStore
}

export function conformsAsSkippedRecords(name: string, skipping: () => Skipping): void {
  describe(`${name} as the records that are set aside`, () => {
    it('given records that are set aside, then each load has them until that is taken back', async () => {
      const { records, store } = skipping()
      const stateKey = newStateKey()
      assert.equal(await records.skip(stateKey, 9, 'nine'), 'skipped')
      assert.equal(await records.skip(stateKey, 4_294_967_296, 'large'), 'skipped')
      const both = new Map([
        [9, 'nine'],
        [4_294_967_296, 'large'],
      ])
      assert.deepEqual(await records.listSkipped(stateKey), both)
      assert.deepEqual((await store.load(stateKey, EMPTY_SELECTION)).skipped, both)
      assert.equal(await records.unskip(stateKey, 9), true)
      assert.equal(await records.unskip(stateKey, 9), false)
      assert.deepEqual([...(await records.listSkipped(stateKey)).keys()], [4_294_967_296])
    })

    it('given a commit, then what it has applied cannot be set aside, and what is set aside stays', async () => {
      const { records, store } = skipping()
      const stateKey = newStateKey()
      await records.skip(stateKey, 7, 'seven')
      assert.equal(await store.commit(stateKey, createChange({ appliedOffset: 7 })), 'committed')
      assert.equal(await records.skip(stateKey, 7, 'again'), 'already-applied')
      assert.equal(await records.skip(stateKey, 6, 'six'), 'already-applied')
      assert.equal(await records.skip(stateKey, 8, 'eight'), 'skipped')
      assert.deepEqual(
        [...(await records.listSkipped(stateKey))],
        [
          [7, 'seven'],
          [8, 'eight'],
        ],
      )
    })

    // Promise docs/guarantees.md#rule 28
    it('given a guess, then it is refused if it decides a skipped record, and only then', async () => {
      const { records, store } = skipping()
      const stateKey = newStateKey()
      await store.commit(stateKey, createChange({ mark: 'first', appliedOffset: 3 }))
      await records.skip(stateKey, 4, 'four')
      await records.skip(stateKey, 9, 'nine')
      const guess = { mark: 'first', ids: [] }
      const next = createChange({ base: versionAt(3), appliedOffset: 8, mark: 'second', guess })
      assert.equal(await store.commit(stateKey, next), 'refused')
      await records.unskip(stateKey, 4)
      await records.skip(stateKey, 8, 'eight')
      assert.equal(await store.commit(stateKey, next), 'refused')
      await records.unskip(stateKey, 8)
      assert.notEqual(await store.commit(stateKey, next), 'refused')
    })

    it('given another partition or consumer, then nothing is shared', async () => {
      const { records, store } = skipping()
      const stateKey = newStateKey()
      await records.skip(stateKey, 1, 'one')
      for (const other of [{ partition: 1 }, { consumer: 'other' }])
        assert.equal((await store.load({ ...stateKey, ...other }, EMPTY_SELECTION)).skipped, undefined)
    })
  })
}
