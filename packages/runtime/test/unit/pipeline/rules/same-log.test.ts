/** The fine print, "The same log": see docs/guarantees.md. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogTime } from '../../../../cloudevents/log-time.ts'
import type { LogRecord } from '../../../../cloudevents/record.ts'
import { completeStep, type KeyedProcess } from '../../../../consumer/process.ts'
import { READING_TYPES } from '../../../support/application.ts'
import { createLog, doneOn, obeyingStage, order } from '../../../support/obeying.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

describe('rule 21: the same log gives the same', () => {
  /** Keeps in its state what JSON does not, and changes in place what it has emitted. */
  const careless: KeyedProcess<{ ids: string[]; gone?: undefined; at?: unknown }> = {
    name: 'careless',
    accepts: READING_TYPES,
    onEvent(state = { ids: [] }, { id, timeMs }) {
      state.ids.push(id)
      const next = { ...state, gone: undefined, at: new Date(timeMs) }
      const data = { ids: state.ids, was: typeof state.at, has: 'gone' in state }
      return completeStep('kept', next, [
        { name: 'kept', to: 'events', key: null, type: 'test.kept', source: '/careless', data },
      ])
    },
  }

  it('rule 21: a state is what JSON makes of it, however the log is cut into chunks', async () => {
    const log = ['a', 'b', 'c'].map((id, offset) => record(offset, reading(id)))
    const [whole, cut] = [
      new Stage(careless as KeyedProcess<never>),
      new Stage(careless as KeyedProcess<never>),
    ]
    await whole.batch(log)
    for (const record of log) await cut.batch([record])
    assert.deepEqual(whole.events, cut.events)
    assert.deepEqual(
      whole.events.map(({ data }) => (data as { ids: string[] }).ids.length),
      [1, 2, 3],
    )
  })
})

// Promise docs/guarantees.md#rule 22
describe('rule 22: a log that is replayed into a topic', () => {
  const original = createLog([
    [0, order('1', 'x', 0, { set: { t: 100 } })],
    [60, order('2', 'y', 30, { set: { t: 90 } })],
    [110, order('3', 'y', 60, { cancel: ['t'] })],
    [200, 'tick'],
  ])
  /** The same, appended all at once. */
  const replayed = (carrying: boolean) =>
    original.map(record => {
      const logTime = ['sluice-logtime', Buffer.from(String(record.timestampMs))] as const
      const timestampMs = Date.parse('2026-05-01T00:00:00Z') + record.offset
      return { ...record, timestampMs, headers: carrying ? [...record.headers, logTime] : record.headers }
    })
  async function played(log: readonly LogRecord[], logTime: LogTime, cut = false) {
    const stage = obeyingStage()
    stage.consumer = { ...stage.consumer, logTime }
    stage.inLog(log)
    // Cut: the rest is read beside what is delivered.
    await stage.batch(cut ? log.slice(0, 1) : log)
    if (cut) await stage.batch(log.slice(-1))
    return stage
  }

  it('rule 22: is a new log, with times of its own', async () => {
    const stage = await played(replayed(true), 'append')
    assert.deepEqual(doneOn(stage), ['x 1', 'y 2', 'y 3'])
  })

  it('rule 22: unless its records carry the old times, and the consumer goes by them', async () => {
    const before = await played(original, 'append')
    assert.deepEqual(doneOn(before), ['x 1', 'y 2', 'x t@100', 'y 3'])
    for (const cut of [false, true])
      assert.deepEqual((await played(replayed(true), 'carried', cut)).events, before.events)
  })

  it('rule 22: what carries no time, or none that can be read, has that of its own log', async () => {
    const plain = await played(replayed(false), 'append')
    const unreadable = replayed(false).map(value => ({
      ...value,
      headers: [...value.headers, ['sluice-logtime', Buffer.from('yesterday')] as const],
    }))
    for (const log of [replayed(false), unreadable])
      assert.deepEqual((await played(log, 'carried')).events, plain.events)
  })
})

describe('rule 23: another partitioner is noticed', () => {
  // Partition by Kafka's own tests of its murmur2, in a topic of twelve partitions.
  const [key, home] = ['foobar', (-790332482 & 0x7fffffff) % 12]
  const keyed = (offset: number, partition: number, name: string | null = key) =>
    logRecordWith(name, record(offset, reading(`r${offset}`), { partition }))

  // Promise docs/guarantees.md#rule 23
  it('rule 23: given keys where Kafka puts them, then nothing is said', async () => {
    const stage = new Stage()
    await stage.batch([keyed(0, home), keyed(1, home)])
    assert.deepEqual(stage.observer.list('misrouted'), [])
  })

  it('rule 23: given keys elsewhere, then they are applied, and counted once, however often they come', async () => {
    const stage = new Stage()
    const batch = [keyed(0, home + 1, null), keyed(1, home + 1), keyed(2, home + 1)]
    await stage.batch(batch)
    await stage.batch([...batch, keyed(3, home + 1)])
    assert.deepEqual(stage.outcomes, Array(4).fill('applied/counted'))
    assert.deepEqual(stage.observer.list('misrouted'), [
      { fromOffset: 1, records: 2 },
      { fromOffset: 3, records: 1 },
    ])
  })

  it('rule 23: given a topic that is not in the table, then its number of partitions is unknown', async () => {
    const stage = new Stage()
    await stage.batch([{ ...keyed(0, 7), topic: 'elsewhere' }])
    assert.deepEqual(stage.observer.list('misrouted'), [])
  })
})

function logRecordWith(key: string | null, plain: LogRecord): LogRecord {
  return { ...plain, key: key === null ? null : Buffer.from(key) }
}
