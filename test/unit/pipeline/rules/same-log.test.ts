/** The fine print, "The same log": see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decided, type KeyedProcess } from '../../../../lib/domain/process.ts'
import { READING_TYPES } from '../../../../lib/domain/telemetry/families.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

describe('rule 21: the same log gives the same', () => {
  /** Keeps in its state what JSON does not, and changes in place what it has emitted. */
  const careless: KeyedProcess<{ ids: string[]; sum: number | null; at?: unknown }> = {
    name: 'careless',
    accepts: READING_TYPES,
    onEvent(state = { ids: [], sum: 0 }, { id, timeMs }) {
      state.ids.push(id)
      const { sum, at } = state
      const next = { ...state, sum: sum === null ? 0 : Number.NaN, at: new Date(timeMs) }
      const data = { ids: state.ids, was: typeof at, sum }
      return decided('kept', next, [
        { name: 'kept', to: 'events', key: null, type: 'test.kept', source: '/careless', data },
      ])
    },
  }

  it('rule 21: a state is what JSON makes of it, however the log is cut into waves', async () => {
    const log = ['a', 'b', 'c'].map((id, offset) => record(offset, reading(id)))
    const [whole, cut] = [
      new Stage(careless as KeyedProcess<never>),
      new Stage(careless as KeyedProcess<never>),
    ]
    await whole.batch(log)
    for (const one of log) await cut.batch([one])
    assert.deepEqual(whole.events, cut.events)
    assert.deepEqual(
      whole.events.map(({ data }) => (data as { ids: string[] }).ids.length),
      [1, 2, 3],
    )
  })
})
