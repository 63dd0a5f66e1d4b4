/** Promises of every warehouse: rows and watermark change together, and merge in the same way. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { derivedId } from '#runtime/consumer/derived-id.ts'
import { MARTS } from '../../lib/warehouse/adapters/common-sql.ts'
import { ALERT_LOG, ALERTS, foldAlerts } from '../../lib/warehouse/alert-marts.ts'
import { type Changes, keyText, type Mart, type MartRow, mergeRows } from '../../lib/warehouse/mart.ts'
import { foldReadings, READINGS_HOURLY } from '../../lib/warehouse/reading-marts.ts'
import type { Step, WarehouseTarget, Watermark } from '../../lib/warehouse/target.ts'
import { alertLog, martsOf, NOON } from '../support/warehouse-log.ts'

/** Place of a warehouse, which several runs can open one after another or at once. */
export interface WarehousePlace {
  connect(): WarehouseTarget
}

const READINGS = { table: 'readings', topic: 'sluice.telemetry.readings.test', partition: 0 } as const
const EVENTS = { table: 'alerts', topic: 'sluice.telemetry.alerts.test', partition: 2 } as const

export function warehouseConformance(name: string, newPlace: () => Promise<WarehousePlace>): void {
  const using = async (place: WarehousePlace, work: (target: WarehouseTarget) => Promise<void>) => {
    const target = place.connect()
    try {
      await target.open()
      await work(target)
    } finally {
      await target.close()
    }
  }

  describe(`warehouse in ${name}`, () => {
    it('given a new place, then it is empty, and opening it again changes nothing', async () => {
      const place = await newPlace()
      for (const _ of [1, 2])
        await using(place, async target => {
          assert.deepEqual(await target.watermarks(), [])
          for (const rows of Object.values(await martsOf(target))) assert.deepEqual(rows, [])
        })
    })

    it('given steps, then another run finds their merged rows and the watermark', async () => {
      const place = await newPlace()
      const parts = [reading('roof-1', 21.5, 0), reading('roof-1', 23.5, 60_000), reading('roof-2', -4, 0)]
      await using(place, async target => {
        for (const [index, changes] of parts.entries())
          assert.equal(await target.apply(step(READINGS, index, index + 1, changes)), true)
      })
      await using(place, async target => {
        assert.deepEqual(await target.watermarks(), [mark(READINGS, 3)])
        const expected = mergedRows(parts, READINGS_HOURLY)
        assert.deepEqual(sorted(await target.rows('readings_hourly')), sorted(expected))
        const first = expected.find(({ subject }) => subject === 'roof-1')
        assert.deepEqual([first?.count, first?.sum, first?.mean, first?.stddev], [2, 45, 22.5, 1])
      })
    })

    it('given a step from another watermark, then nothing changes', async () => {
      await using(await newPlace(), async target => {
        await target.apply(step(READINGS, 0, 5, reading('roof-1', 20, 0)))
        const before = await martsOf(target)
        for (const fromOffset of [0, 4, 6])
          assert.equal(await target.apply(step(READINGS, fromOffset, 9, reading('roof-1', 99, 0))), false)
        assert.deepEqual(await martsOf(target), before)
        assert.deepEqual(await target.watermarks(), [mark(READINGS, 5)])
      })
    })

    it('given two runs that apply the same step at once, then it counts once', async () => {
      const place = await newPlace()
      await using(place, async one => {
        await using(place, async other => {
          const same = () => step(READINGS, 0, 1, reading('roof-1', 20, 0))
          await Promise.all([one.apply(same()), other.apply(same())])
          const rows = await other.rows('readings_hourly')
          assert.deepEqual(
            rows.map(({ count }) => count),
            [1],
          )
        })
      })
    })

    it('given runs that apply steps of different partitions at once, then none is lost', async () => {
      const place = await newPlace()
      await using(place, async one => {
        await using(place, async other => {
          const steps = [0, 1, 2, 3].map(partition => {
            return step({ ...READINGS, partition }, 0, 1, reading('roof-1', 20 + partition, 0))
          })
          // A step whose watermark another run has replaced is applied again by the next run.
          for (let waiting = steps; waiting.length > 0; ) {
            await Promise.all(
              [waiting, waiting.toReversed()].map(async (all, index) => {
                for (const each of all) await (index === 0 ? one : other).apply(each)
              }),
            )
            const marks = await one.watermarks()
            waiting = steps.filter(({ partition }) => !marks.some(mark => mark.partition === partition))
          }
          const rows = await other.rows('readings_hourly')
          assert.deepEqual(
            rows.map(({ count, sum }) => [count, sum]),
            [[4, 86]],
          )
        })
      })
    })

    it('given steps of several partitions, then each has its watermark', async () => {
      await using(await newPlace(), async target => {
        const other = { ...READINGS, partition: 1 }
        await target.apply(step(READINGS, 7, 9, reading('roof-1', 20, 0)))
        await target.apply(step(other, 0, 4, reading('roof-1', 22, 0)))
        const found = (await target.watermarks()).toSorted((a, b) => a.partition - b.partition)
        assert.deepEqual(found, [mark(READINGS, 9), mark(other, 4)])
        assert.deepEqual(
          (await target.rows('readings_hourly')).map(({ count, sum }) => [count, sum]),
          [[2, 42]],
        )
      })
    })

    it('given any text, time and number, then they are read as they were written', async () => {
      await using(await newPlace(), async target => {
        const odd = ['\\N', 'a\tb\nc\r\\d', `'"$1`, '{}', 'ü漢🙂', ' ', '\u0001']
        const alerts = odd.map((text, index) => {
          const event = { ...fired(text), comment: text, summary: text, labels: { [text]: text } }
          return { ...event, offset: Number.MAX_SAFE_INTEGER - index, value: 0.1 + 0.2, threshold: -1e-300 }
        })
        const changes = foldAlerts(alerts)
        await target.apply(step(EVENTS, 0, 9, changes))
        const rows = await target.rows(ALERTS.name)
        const expected = changes.get(ALERTS) ?? []
        assert.equal(expected.length, odd.length)
        assert.deepEqual(sorted(rows.map(parsedLabels)), sorted(expected.map(parsedLabels)))
      })
    })

    it('given long texts, NUL and lone surrogates in a key, then the rows are kept apart', async () => {
      await using(await newPlace(), async target => {
        const much = Array.from({ length: 300 }, (_, index) => derivedId(index)).join('')
        const long = [much, `${much}y`, '漢'.repeat(3_000), 'a\0b', 'a\ud800b']
        const changes = foldAlerts(long.map(fired))
        await target.apply(step(EVENTS, 0, 9, changes))
        await target.apply(step(EVENTS, 9, 10, changes))
        const ids = (await target.rows(ALERTS.name)).map(({ alert_id }) => alert_id)
        assert.deepEqual(ids.toSorted(), [...new Set(long.map(keyText))].toSorted())
      })
    })

    it('given alerts, then the view follows from the rows', async () => {
      await using(await newPlace(), async target => {
        const done = { event: 'resolved', startedMs: NOON, endedMs: NOON + 90_500, reason: 'cleared' }
        const events = [
          ...[fired('a'), fired('b'), { ...fired('c'), startedMs: NOON + 86_400_000 }],
          ...[
            { ...fired('a'), ...done },
            { ...fired('b'), ...done, endedMs: NOON + 10_000 },
          ],
        ]
        await target.apply(step(EVENTS, 0, 9, foldAlerts(events)))
        const alerts = await target.rows(ALERTS.name)
        assert.equal(alerts.length, 3)
        const log = await target.rows(ALERT_LOG.name)
        assert.deepEqual(sorted(log), sorted(alertLog(alerts)))
        assert.deepEqual(
          Object.keys(log[0] ?? {}),
          ALERT_LOG.columns.map(([column]) => column),
        )
      })
    })

    it('given steps without rows, then only the watermark moves', async () => {
      await using(await newPlace(), async target => {
        await target.apply(step(READINGS, 0, 4, new Map(MARTS.map(mart => [mart, []]))))
        assert.deepEqual(await target.watermarks(), [mark(READINGS, 4)])
      })
    })
  })
}

function step(
  of: typeof READINGS | typeof EVENTS | object,
  fromOffset: number,
  nextOffset: number,
  changes: Changes,
): Step {
  return { ...(of as typeof READINGS), fromOffset, nextOffset, upToMs: NOON, changes }
}

function mark(of: object, nextOffset: number): Watermark {
  return { ...(of as typeof READINGS), nextOffset, upToMs: NOON }
}

function reading(
  subject: string,
  temperature: number,
  afterMs: number,
  source = '/environment/roof',
): Changes {
  const columns = {
    type: ['io.sluice.environment.reading.v1'],
    source: [source],
    subject: [subject],
    time: [NOON + afterMs],
    temperature: [temperature],
  }
  return foldReadings(columns, [0], metric => metric).changes
}

function fired(alertId: string) {
  const times = { eventMs: NOON, activeMs: NOON, startedMs: NOON, endedMs: null }
  const facts = { rule: 'HIGH_TEMP', source: '/environment/roof', subject: 'roof-1', severity: 'warning' }
  return {
    event: 'fired',
    alertId,
    labels: {},
    partition: 2,
    offset: 5,
    ...times,
    ...facts,
    fingerprint: 'f',
  }
}

function mergedRows(parts: readonly Changes[], mart: Mart): MartRow[] {
  return mergeRows(
    mart,
    parts.flatMap(changes => changes.get(mart) ?? []),
  )
}

function parsedLabels({ labels, ...row }: MartRow): MartRow {
  return { ...row, labels: JSON.stringify(JSON.parse(String(labels))) }
}

function sorted(rows: readonly MartRow[]): MartRow[] {
  const plain = rows.map(row => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))))
  return plain.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
