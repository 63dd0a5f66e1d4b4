import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LogRecord, type OutgoingRecord, writeEvent } from '#runtime/cloudevents'
import { defineProcess, type Event } from '#runtime/consumer'
import { MemoryStateStore } from '#runtime/operating/replay'
import { type AnyKeyedProcess, type Consumer, computeDigest, type SkippedRecords } from '#runtime/pipeline'
import { verified } from '#runtime/test/support/verifying'
import { MemoryLogReader, Stage as RuntimeStage } from '#runtime/testing'
import { appendPast, type PastRange } from '../../../../control/table-builds/past-records.ts'
import { compilePlan } from '../../../../lib/views/language/compile-plan.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import type { ActivatedPlan } from '../../../../lib/views/plan.ts'
import { createActivatedPlan, createActivationEvent } from '../../../../lib/views/plan-activation.ts'
import { views } from '../../../../lib/views/process.ts'
import { APPLICATION, FAMILIES } from '../../../support/families.ts'
import { Stage } from '../../../support/stage.ts'

const TOPIC = 'sluice.telemetry.readings.test'
const ROWS = 'sluice.telemetry.view-rows.test'
const START_MS = Date.UTC(2026, 2, 1)
const DAY_MS = 86_400_000
const plan = compilePlan(
  FAMILIES,
  [
    {
      name: 'a.sql',
      text: `CREATE STREAM motions (device_id VARCHAR KEY, x DOUBLE) WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');
CREATE TABLE minutes AS SELECT device_id, AVG(x) AS mean FROM motions WHERE x > 0
  WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY device_id;`,
    },
  ],
  parse,
)
const { consumer } = new Stage(views(FAMILIES) as never) as { readonly consumer: Consumer<AnyKeyedProcess> }

/** Readings of devices in two partitions; each fifth one is late, and each seventh one is not an event. */
const RECORDS: LogRecord[] = Array.from({ length: 5_000 }, (_, number) => {
  const device = `d${number % 20}`
  const timeMs = START_MS + number * 100 - (number % 5 === 0 ? 90_000 : 0)
  const event: Event = {
    ...{ id: `r${number}`, source: '/device/m', subject: device, type: 'io.sluice.device.motion.v1' },
    ...{ time: new Date(timeMs).toISOString(), datacontenttype: 'application/json' },
    data: { deviceId: device, model: 'm', activity: 'resting', x: number % 11, y: 0, z: 0 },
  }
  const written = number % 7 === 6 ? { value: Buffer.from('?'), headers: [] } : writeEvent(event)
  const [partition, offset] = [number % 2, Math.floor(number / 2)]
  return { topic: TOPIC, partition, offset, timestampMs: START_MS + number * 100, key: null, ...written }
})
const RANGES: PastRange[] = [0, 1].map(partition => ({
  topic: TOPIC,
  partition,
  start: 0,
  next: 0,
  end: 2_500,
}))

const taking = defineProcess('taking', { accepts: ['io.sluice.view.row.v1'], onEvent: () => null })

/** Log of rows, to which runs append until a write breaks. */
class Rows {
  readonly records: LogRecord[] = []
  readonly published: OutgoingRecord[] = []
  readonly #past: readonly LogRecord[]
  skipped: SkippedRecords = new MemoryStateStore()
  ranges = RANGES
  writes = 0

  constructor(past: readonly LogRecord[] = RECORDS) {
    this.#past = past
  }

  /** @param breaksAt number of the write that breaks, before or after it */
  async run(breaksAt: number, isAfter: boolean, operation = 'o1'): Promise<void> {
    const append = (sent: readonly OutgoingRecord[]) => {
      this.published.push(...sent)
      for (const { key, value, headers } of sent) {
        const place = { topic: ROWS, partition: 0, offset: this.records.length, timestampMs: START_MS }
        this.records.push({ ...place, key: key as Buffer, value: value as Buffer, headers: headers as never })
      }
    }
    const publish = async (sent: readonly OutgoingRecord[]) => {
      this.writes += 1
      if (this.writes === breaksAt && !isAfter) throw new Error('broken')
      append(sent)
      if (this.writes === breaksAt) throw new Error('broken')
    }
    const stored = async (next: readonly number[]) => {
      this.ranges = this.ranges.map((range, index) => ({ ...range, next: next[index] as number }))
    }
    const log = new MemoryLogReader([...this.#past], 100)
    const rowsLog = {
      read: (...args: Parameters<MemoryLogReader['read']>) =>
        args[0] === ROWS ? new MemoryLogReader(this.records).read(...args) : log.read(...args),
    }
    const progress = { records: 0, rows: 0, total: 0 }
    await appendPast(
      { log: rowsLog, publisher: { publish }, consumer, skipped: this.skipped, operation, nowMs: Date.now },
      this.ranges,
      plan.tables,
      stored,
      progress,
      new AbortController().signal,
    )
  }

  /** Returns the rows that a consumer of the log applies. It remembers no id. */
  async applied(): Promise<string[]> {
    const stage = new RuntimeStage(APPLICATION, taking as never, {}, 'view-rows')
    const emitters = new Map([[ROWS, new Set(['views'])]])
    stage.consumer = { ...stage.consumer, idWindowMs: 0, futureToleranceMs: DAY_MS, emitters }
    await stage.batch(this.records)
    return stage.observer.decisions.flatMap(({ outcome, event }) => {
      if (outcome !== 'applied' || !event) return []
      return [event.id, event.source, event.subject, event.time, JSON.stringify(event.data)].join(' ')
    })
  }
}

function activation(offset: number, activated: ActivatedPlan): LogRecord {
  const event = createActivationEvent(activated, 0, new Date(START_MS).toISOString())
  return { topic: TOPIC, partition: 0, offset, timestampMs: START_MS, key: null, ...writeEvent(event) }
}

/** Rows that the consumer itself emits for the same records, in a log of one partition. */
async function live(): Promise<string[]> {
  const stage = new Stage(views(FAMILIES) as never)
  const records = RECORDS.filter(({ partition }) => partition === 0)
  const later = records.map(record => ({ ...record, offset: record.offset + 1 }))
  await stage.batch([activation(0, createActivatedPlan(plan, [])), ...later])
  return listRows(stage)
}

function listRows(stage: Stage): string[] {
  return stage.events
    .filter(({ type }) => type === 'io.sluice.view.row.v1')
    .map(({ id, source, subject, time, data }) => [id, source, subject, time, JSON.stringify(data)].join(' '))
}

describe('the past of a table', () => {
  it('given records in the log, then their rows are those that the consumer would have emitted', async () => {
    const rows = new Rows()
    rows.ranges = RANGES.slice(0, 1)
    await rows.run(0, false)
    const applied = await rows.applied()
    assert.deepEqual(applied, await live())
    assert.ok(applied.length > 1_500)
  })

  // Promise config/views/README.md#applying
  it('given a run that breaks at any write, then each row is applied once, in the same order', async () => {
    const whole = new Rows()
    await whole.run(0, false)
    const applied = await whole.applied()
    assert.ok(whole.writes >= 2)
    for (let breaksAt = 1; breaksAt <= whole.writes; breaksAt += 1)
      for (const isAfter of [false, true]) {
        const broken = new Rows()
        await assert.rejects(broken.run(breaksAt, isAfter), /^Error: broken$/)
        await broken.run(0, false)
        assert.deepEqual(
          await broken.applied(),
          applied,
          `write ${breaksAt}, ${isAfter ? 'after' : 'before'} it`,
        )
      }
  })

  it('given a later operation, then its rows have other origins than those before', async () => {
    const runForOrigins = async (operation: string) => {
      const rows = new Rows()
      await rows.run(0, false, operation)
      const named = rows.records.flatMap(({ headers }) => headers.filter(([name]) => name === 'ce_origin'))
      return new Set(named.map(([, value]) => String(value)))
    }
    const [before, later] = [await runForOrigins('o1'), await runForOrigins('o2')]
    assert.deepEqual(
      [...later].filter(origin => before.has(origin)),
      [],
    )
    assert.ok(later.size > 0)
  })

  it('given repeats, an id used twice, and a skipped record, then each counts as it did when it came', async () => {
    const at = (offset: number, id: string, x: number, seconds = offset): LogRecord => {
      const time = new Date(START_MS + seconds * 1000).toISOString()
      const about = { id, source: '/device/m', subject: 'd', type: 'io.sluice.device.motion.v1', time }
      const data = { deviceId: 'd', model: 'm', activity: 'resting', x, y: 0, z: 0 }
      const event = { ...about, datacontenttype: 'application/json', data }
      const place = { topic: TOPIC, partition: 0, offset, timestampMs: START_MS + offset * 1000, key: null }
      return { ...place, ...writeEvent(event) }
    }
    const first = activation(0, createActivatedPlan(plan, []))
    const records = [
      at(1, 'a', 1),
      at(2, 'b', 2),
      at(3, 'a', 1, 1),
      at(4, 'b', 3, 2),
      at(5, 'c', 4),
      at(6, 'd', 5),
    ]
    const stage = new Stage(views(FAMILIES) as never)
    await stage.store.skip(stage.stateKey(), 5, computeDigest(records[4] as LogRecord))
    await stage.batch([first, ...records])
    assert.deepEqual(stage.outcomes, [
      'applied/views-activated',
      'applied/regrouped',
      'applied/regrouped',
      'duplicate/id-known',
      'failed/id-conflict',
      'failed/skipped',
      'applied/regrouped',
    ])
    const rows = new Rows([activation(0, createActivatedPlan({ streams: [], tables: [] }, [])), ...records])
    rows.skipped = stage.store
    rows.ranges = [{ topic: TOPIC, partition: 0, start: 0, next: 0, end: 7 }]
    await rows.run(0, false)
    const applied = await rows.applied()
    assert.deepEqual(applied, listRows(stage))
    assert.equal(applied.length, 3)
  })

  it('given rows of the past, then a comparison of the consumer with its log finds no differences', async () => {
    const past = RECORDS.filter(({ partition, offset }) => partition === 0 && offset < 50)
    const rows = new Rows(past)
    rows.ranges = [{ topic: TOPIC, partition: 0, start: 0, next: 0, end: 50 }]
    await rows.run(0, false)
    const stage = new Stage(views(FAMILIES) as never)
    const later = RECORDS.filter(({ partition, offset }) => partition === 0 && offset >= 50 && offset < 90)
    const log = [
      ...past,
      activation(50, createActivatedPlan(plan, [])),
      ...later.map(record => ({ ...record, offset: record.offset + 1 })),
    ]
    await stage.batch(log)
    assert.ok(rows.records.length > 0 && listRows(stage).length > 0)
    const published = [...rows.published, ...stage.publisher.publishedRecords]
    const { consumer, store } = stage
    const states = [stage.stateKey()]
    const { differences } = await verified({ consumer, store, states, log, published, own: [ROWS] })
    assert.deepEqual(differences, [])
  })

  it('given a past that is complete, then nothing is read or appended', async () => {
    const rows = new Rows()
    rows.ranges = RANGES.map(range => ({ ...range, next: range.end }))
    await rows.run(1, false)
    assert.equal(rows.writes, 0)
  })
})
