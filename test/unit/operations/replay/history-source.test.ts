import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { safeParse } from 'valibot'
import { DAY_OR_TIME } from '../../../../cli/replay/index.ts'
import { tableIn } from '../../../../cli/replay/plan.ts'
import { historySource } from '../../../../lib/operations/replay/history-source.ts'
import type { Recorded } from '../../../../lib/operations/replay/recorded.ts'
import { isFailure } from '../../../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../../../packages/runtime/cloudevents/writer.ts'
import { addObject, MemoryHistory } from '../../../support/memory-history.ts'
import { environmentReading as reading } from '../../../support/records.ts'

const TOPIC = 'sluice.telemetry.readings.test'
const DAY_MS = Date.parse('2026-11-20')
const MINUTE_MS = 60_000
const stop = new AbortController().signal

function recordAt(partition: number, offset: number, timestampMs: number, sensor = 's-1'): LogRecord {
  const event = reading(`${partition}-${offset}`, { sensor })
  return { topic: TOPIC, partition, offset, timestampMs, key: Buffer.from('k'), ...writeEvent(event) }
}

async function played(store: MemoryHistory, query: object = {}): Promise<Recorded[]> {
  const source = await historySource('history:readings', store, { table: 'readings', ...query }, stop)
  const items: Recorded[] = []
  for await (const group of source.read()) items.push(...group)
  return items
}

const placesOf = (items: readonly Recorded[]) =>
  items.map(({ record }) => `${record?.partition}-${record?.offset}`)

describe('the history as the source of a replay', () => {
  it('given partitions whose objects overlap, then each record comes once, in order of time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 30 }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 9 }),
        async (seconds, size) => {
          const store = new MemoryHistory()
          const all: LogRecord[] = []
          for (const [partition, own] of seconds.entries()) {
            const times = own.toSorted((a, b) => a - b)
            const records = times.map((second, offset) =>
              recordAt(partition, offset, DAY_MS + second * 1_000),
            )
            all.push(...records)
            for (let from = 0; from < records.length; from += size)
              await addObject(store, 'readings', records.slice(from, from + size))
            // An archiver that has lost its state writes the first rows again.
            await addObject(store, 'readings', records.slice(0, size + Math.ceil(size / 2)))
          }
          const items = await played(store)
          assert.deepEqual(
            items.map(({ record }) => record),
            all.toSorted((a, b) => a.timestampMs - b.timestampMs),
          )
          assert.deepEqual(
            items.map(({ line }) => line),
            items.map((_, index) => index + 1),
          )
        },
      ),
      { numRuns: 30 },
    )
  })

  it('given bounds, then the records of this time are played, ticks and records without an event included', async () => {
    const store = new MemoryHistory()
    const records = Array.from({ length: 10 }, (_, offset) =>
      recordAt(0, offset, DAY_MS + (offset - 5) * MINUTE_MS),
    )
    const raw = { ...(records[6] as LogRecord), value: Buffer.from([0xff, 0]), headers: [] }
    records[6] = raw
    await addObject(store, 'readings', records)
    const items = await played(store, { sinceMs: DAY_MS, untilMs: DAY_MS + 3 * MINUTE_MS })
    assert.deepEqual(placesOf(items), ['0-5', '0-6', '0-7'])
    assert.deepEqual(items[1]?.record, raw)
    assert.deepEqual(
      items.map(({ paceMs }) => paceMs),
      [0, 1, 2].map(minute => DAY_MS + minute * MINUTE_MS),
    )
    const event = readEvent(items[0]?.record as LogRecord)
    assert.equal(isFailure(event) || event.id, '0-5')
  })

  it('given a missing range, then it is named by its offsets, and a marker of a transaction is not', async () => {
    const store = new MemoryHistory()
    for (const offset of [0, 2, 6]) await addObject(store, 'readings', [recordAt(3, offset, DAY_MS + offset)])
    const source = await historySource('history:readings', store, { table: 'readings' }, stop)
    assert.deepEqual(source.missing, [{ topic: TOPIC, partition: 3, fromOffset: 3, toOffset: 5 }])
    assert.equal(source.bytes, 3)
    assert.equal(source.isRepeatable, true)
  })

  it('given a damaged object, or no object at all, then the failure names it', async () => {
    const store = new MemoryHistory()
    await assert.rejects(played(store), { name: 'OperationFailure', message: /no objects of readings/ })
    const key = await addObject(store, 'readings', [recordAt(0, 0, DAY_MS)])
    store.objects.set(key, Buffer.from('PAR1PAR1'))
    await assert.rejects(played(store), error => {
      assert.ok(error instanceof Error && error.name === 'DamagedObject' && error.message.includes(key))
      return true
    })
    store.failAt(1)
    await assert.rejects(played(store), { name: 'HistoryUnavailable', message: /no answer/ })
  })

  it('given a stop, then it ends', async () => {
    const store = new MemoryHistory()
    await addObject(store, 'readings', [recordAt(0, 0, DAY_MS)])
    const stopped = AbortSignal.abort(new Error('stopped'))
    const source = await historySource('history:readings', store, { table: 'readings' }, stopped)
    await assert.rejects(source.read().next(), { message: 'stopped' })
  })
})

describe('how the history is named', () => {
  it('given a table, then it is found; given any other name, it is refused; given a file, it is a file', () => {
    assert.equal(tableIn('history:dead_letters'), 'dead_letters')
    assert.equal(tableIn('readings.jsonl'), undefined)
    assert.throws(() => tableIn('history:dlq'), { isUsage: true, message: /tables readings, events/ })
  })

  it('given a day, then the bound is its beginning', () => {
    const parsed = (text: string) => safeParse(DAY_OR_TIME.schema, text)
    assert.equal(parsed('2026-11-20').output, DAY_MS)
    assert.equal(parsed('2026-11-20T01:00:00Z').output, DAY_MS + 60 * MINUTE_MS)
    assert.ok(Math.abs((parsed('1h').output as number) - (Date.now() - 60 * MINUTE_MS)) < 10_000)
    for (const wrong of ['2026-02-30', '2026-13-01', '20261120', ''])
      assert.equal(parsed(wrong).success, false)
  })
})
