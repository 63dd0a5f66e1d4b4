/** Commits of changes that were decided without a load: what they return, and each reason for which they are refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Change } from '../../../pipeline/model/snapshot.ts'
import type { StateStore } from '../../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { createChange, createFailure, versionAt } from '../../support/changes.ts'
import { clockAt, entry, id, newStateKey, timer, WINDOW } from './samples.ts'

export function guessTests(store: () => StateStore): void {
  const loadAll = (stateKey: ReturnType<typeof newStateKey>) =>
    store().load(stateKey, { ...EMPTY_SELECTION, entities: ['e'], ids: [id('new').id, id('failing').id] })

  /** Commits an offset with the mark `first`, and returns the answer to a guess about the next one. */
  async function guessAfter(first: Partial<Change>, guess: Partial<Change> = {}) {
    const stateKey = newStateKey()
    await store().commit(stateKey, createChange({ mark: 'first', ...first }))
    const before = await loadAll(stateKey)
    const next = {
      ...{ base: versionAt(0), appliedOffset: 1, mark: 'second', states: new Map([['e', '2']]) },
      ...{ ids: [id('new', 1)], guess: { mark: 'first', ids: [id('new').id, id('failing').id] } },
    }
    const answer = await store().commit(stateKey, createChange({ ...next, ...guess }))
    if (answer === 'refused') assert.deepEqual(await loadAll(stateKey), before, 'nothing has changed')
    return { stateKey, answer }
  }

  // Promise docs/guarantees.md#rule 28
  it('rule 28: given the mark of the last commit, then a guess is committed', async () => {
    const { stateKey, answer } = await guessAfter({ ids: [id('old')] })
    assert.notEqual(answer, 'refused')
    const { mark, version, states } = await loadAll(stateKey)
    assert.deepEqual([mark, version, states], ['second', versionAt(1), new Map([['e', '2']])])
  })

  it('given a commit without a mark, then a load returns none, and a guess is refused', async () => {
    const { stateKey, answer } = await guessAfter(
      {},
      { guess: { mark: 'first', ids: [] }, mark: undefined as never },
    )
    assert.equal(answer, 'committed')
    assert.equal((await loadAll(stateKey)).mark, undefined)
    const guess = { mark: 'first', ids: [] }
    const next = createChange({ base: versionAt(1), appliedOffset: 2, mark: 'third', guess })
    assert.equal(await store().commit(stateKey, next), 'refused')
  })

  describe('given a guess, then it is refused', () => {
    const guess = { mark: 'first', ids: [id('new').id, id('failing').id] }
    const late = { clock: clockAt(3 * WINDOW), idWindowMs: 1 }
    const REASONS: Readonly<Record<string, readonly [first: Partial<Change>, next: Partial<Change>]>> = {
      'if the last commit has another mark': [{ mark: 'of another instance' }, {}],
      'if the last commit has no mark': [{ mark: undefined as never }, {}],
      'if the version differs': [{}, { base: versionAt(-1) }],
      'if the outbox holds an entry': [{ outbox: [entry('0.0.0')] }, {}],
      'if an added id is stored': [{ ids: [id('new')] }, {}],
      'if an added id is stored with other content': [{ ids: [{ ...id('new'), digest: '12345678' }] }, {}],
      'if another id of the chunk is stored': [{ ids: [id('failing')] }, {}],
      'if another id is stored and forgotten': [{ ids: [{ ...id('failing'), digest: '\0'.repeat(8) }] }, {}],
      'if an added id is stored and expired': [
        { ids: [id('new')], clock: clockAt(WINDOW - 2) },
        { clock: clockAt(WINDOW - 1), idWindowMs: 1 },
      ],
      'if an added id is stored in an older generation': [
        { ids: [id('new')], clock: clockAt(WINDOW) },
        { clock: clockAt(WINDOW + 1), ids: [id('new', WINDOW + 1)] },
      ],
      'if an added id is stored in a generation that this commit removes': [
        { ids: [id('new')] },
        { ...late, ids: [id('new', 3 * WINDOW)] },
      ],
      'if no id is added and another one is stored': [{ ids: [id('failing')] }, { ids: [] }],
    }
    for (const [reason, [first, next]] of Object.entries(REASONS))
      it(reason, async () => {
        assert.equal((await guessAfter(first, { guess, ...next })).answer, 'refused')
      })
  })

  it('given many ids that share their first bytes, then each of them is found', async () => {
    const stateKey = newStateKey()
    const ids = Array.from({ length: 300 }, (_, n) => ({ ...id('x'), id: `ab${n}`.padEnd(12, '.') }))
    await store().commit(stateKey, createChange({ mark: 'a', ids: ids.slice(0, 256) }))
    const second = { base: versionAt(0), appliedOffset: 1, mark: 'b', ids: ids.slice(256) }
    await store().commit(stateKey, createChange(second))
    for (const { id: stored } of [ids[0], ids[255], ids[256], ids[299]] as typeof ids) {
      const guess = { mark: 'b', ids: [stored] }
      const next = createChange({ base: versionAt(1), appliedOffset: 2, mark: 'c', guess })
      assert.equal(await store().commit(stateKey, next), 'refused', stored)
    }
  })

  it('given a mark, then a commit returns what only the store knows', async () => {
    const stateKey = newStateKey()
    const timers = new Map([
      ['e', [timer('later', 900), timer('first', 500.5)]],
      ['f', [timer('other', 700)]],
    ])
    const first = await store().commit(stateKey, createChange({ mark: 'a', timers, failuresFromMs: 7 }))
    const failureMemory = { bytes: 0, forgotten: 0 }
    assert.deepEqual(first, { failureMemory, failuresFromMs: 7, firstThresholdMs: 500.5 })
    const gone = new Map([
      ['e', []],
      ['f', []],
    ])
    const next = { base: versionAt(0), appliedOffset: 1, mark: 'b', timers: gone, failuresFromMs: undefined }
    assert.deepEqual(await store().commit(stateKey, createChange(next)), {
      ...{ failureMemory, failuresFromMs: undefined, firstThresholdMs: undefined },
    })
  })

  it('given failures that the store forgets, then a commit with a mark returns the same as a load', async () => {
    const stateKey = newStateKey()
    const failures = [createFailure('a', 0), createFailure('b', 0, 1)]
    const clock = { nowMs: 0, lastAppendMs: 5, highestAppendMs: 9 }
    const change = createChange({ mark: 'a', failures, failureBytes: 1, clock, failuresFromMs: 7 })
    const answer = await store().commit(stateKey, change)
    const { failureMemory, failuresFromMs } = await store().load(stateKey, EMPTY_SELECTION)
    assert.ok(failureMemory.forgotten > 0)
    assert.equal(failuresFromMs, 10)
    assert.deepEqual(answer, { failureMemory, failuresFromMs, firstThresholdMs: undefined })
  })
}
