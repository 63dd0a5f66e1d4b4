/** Promises of every storage to charts: minutes, hours and alerts of a sensor, read without the possibility to write. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RetryableError } from '#runtime/consumer'
import {
  type ChartPeriod,
  type ChartPoint,
  readAlerts,
  readPoints,
  readStateSpans,
} from '../../control/queries/chart-questions.ts'
import { type StoredEvent, toRows } from '../../lib/storage/rows.ts'
import type { Storage, StorageReader } from '../../lib/storage/storage.ts'
import { FAMILIES } from '../support/families.ts'
import { NOON, storedAlert, storedMinute, storedState } from '../support/stored-events.ts'

type Opened = Storage & StorageReader

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000]
const PERIOD: ChartPeriod = {
  ...{ source: '/environment/roof', subject: 'roof-1' },
  ...{ fromMs: NOON - HOUR_MS, toMs: NOON + 12 * HOUR_MS },
}
/** About the longest attribute of an event, of characters that no compression shortens. */
const LONG = Array.from({ length: 1_300 }, (_, index) =>
  String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000)),
).join('')
const at = (minutes: number) => ({ startMs: NOON + minutes * MINUTE_MS })

export function chartConformance(name: string, connect: () => Promise<Opened>): void {
  const using = async (events: readonly StoredEvent[], work: (storage: Opened) => Promise<void>) => {
    const storage = await connect()
    try {
      if (events.length > 0) await storage.write(toRows(FAMILIES, events), 'replace')
      await work(storage)
    } finally {
      await storage.close()
    }
  }

  describe(`charts from ${name}`, () => {
    // Promise docs/readings.md#in-the-console
    it('given minutes, then hours have their weighted mean, least and greatest, and an hour without any is missing', async () => {
      const minutes = [
        storedMinute(1, 20, { ...at(0), values: { count: 30, minimum: -5 } }),
        storedMinute(1, 30, { ...at(59), values: { count: 10, maximum: 99 } }),
        storedMinute(1, 7, { ...at(180), values: { minimum: 6, maximum: 8 } }),
        ...[-61, 12 * 60].map(minutes => storedMinute(1, 1_000, at(minutes))),
      ]
      await using(minutes, async storage => {
        assert.deepEqual(await readPoints(storage, PERIOD, 'temperature', 'hour'), [
          [NOON, 22.5, -5, 99],
          [NOON + 3 * HOUR_MS, 7, 6, 8],
        ])
        const points = await readPoints(storage, PERIOD, 'temperature', 'minute')
        assert.deepEqual(
          points.map(([ms, mean]) => [(ms - NOON) / MINUTE_MS, mean]),
          [
            [0, 20],
            [59, 30],
            [180, 7],
          ],
        )
        assert.deepEqual(await readPoints(storage, PERIOD, 'humidity', 'hour'), [])
      })
    })

    it('given minutes of a counter or a direction, then hours have their sum, or their mean on the circle', async () => {
      // The deviation of two vectors that are 20° apart, and of two that point everywhere.
      const [near, none] = [2, 180].map(
        apart => (Math.sqrt(2 - 2 * Math.cos(apart * (Math.PI / 360))) * 180) / Math.PI,
      )
      const minutes = [
        storedMinute(1, 350, { ...at(0), values: { count: 2, standardDeviation: near, increase: 3 } }),
        storedMinute(1, 20, { ...at(1), values: { count: 2, standardDeviation: near, increase: 4.5 } }),
        storedMinute(1, 90, { ...at(60), values: { standardDeviation: none } }),
      ]
      await using(minutes, async storage => {
        const read = (is: 'counter' | 'direction', step: 'minute' | 'hour') =>
          readPoints(storage, PERIOD, 'temperature', step, is)
        assert.deepEqual(await read('counter', 'hour'), [[NOON, 7.5]])
        assert.deepEqual(await read('counter', 'minute'), [
          [NOON, 3],
          [NOON + MINUTE_MS, 4.5],
        ])
        assert.deepEqual(
          (await read('direction', 'hour')).map(([ms, mean]) => [ms, Math.round(mean * 1e6) / 1e6]),
          [[NOON, 5]],
        )
        assert.deepEqual(listMeans(await read('direction', 'minute')).map(Math.round), [350, 20])
      })
    })

    it('given ranges of a state, then those that the period touches are in order, in their latest revision', async () => {
      const spans = [
        storedState(1, { ok: 30.5, degraded: 20, a: 'x', b: 1e300 }, { minutes: [59, 60], value: null }),
        storedState(2, { degraded: 60 }, { minutes: [0, 1], value: 'degraded' }),
        storedState(1, { ok: 60 }, { minutes: [0, 1] }),
        storedState(1, { ok: 3_540 }, { minutes: [-60, -2] }),
        storedState(1, { ok: 3_000 }, { minutes: [-70, -10] }),
        storedState(1, { ok: 60 }, { minutes: [60, 61] }),
        storedState(1, { ok: 60 }, { minutes: [30, 29] }),
        storedState(1, { ok: 60 }, { minutes: [-2, -1] }),
        storedState(1, { ok: 60 }, { minutes: [2, 3], state: 'other' }),
        storedState(1, { ok: 60 }, { minutes: [2, 3], entity: { source: PERIOD.source } }),
      ]
      await using(spans, async storage => {
        const period = { ...PERIOD, fromMs: NOON - 10 * MINUTE_MS, toMs: NOON + HOUR_MS }
        const span = (from: number, to: number) => {
          return { fromMs: NOON + from * MINUTE_MS, toMs: NOON + to * MINUTE_MS }
        }
        assert.deepEqual(await readStateSpans(storage, period, 'status'), [
          { ...span(-60, -2), ms: { ok: 3_540_000 }, value: 'ok' },
          { ...span(-2, -1), ms: { ok: 60_000 }, value: 'ok' },
          { ...span(0, 1), ms: { degraded: 60_000 }, value: 'degraded' },
          { ...span(59, 60), ms: { ok: 30_500, degraded: 20_000 }, value: null },
        ])
        const { subject: _, ...ofSource } = period
        assert.equal((await readStateSpans(storage, ofSource, 'status')).length, 1)
      })
    })

    it('given revisions in any order, live or of the past, then the latest counts, and each event is counted once', async () => {
      await using([], async storage => {
        const write = (existing: 'replace' | 'keep', ...revisions: readonly number[]) =>
          storage.write(
            toRows(
              FAMILIES,
              revisions.map(revision => storedMinute(revision, 20 + revision)),
            ),
            existing,
          )
        const readMean = async () => listMeans(await readPoints(storage, PERIOD, 'temperature', 'minute'))
        assert.equal(await write('keep', 2, 1), 2)
        assert.deepEqual(await readMean(), [22])
        await write('replace', 1)
        assert.deepEqual(await readMean(), [22])
        await write('keep', 3)
        await write('replace', 2)
        assert.deepEqual(await readMean(), [23])
        await write('replace', 5, 4)
        assert.deepEqual(await readMean(), [25])
      })
    })

    it('given sensors and metrics with like or odd names, then each has its own minutes', async () => {
      const sensors = [
        { source: '/environment/roof', subject: 'roof-1' },
        { source: '/environment/roof', subject: 'roof-10' },
        { source: '/environment/roof-1', subject: 'roof-1' },
        { source: '/environment/roof' },
        { source: `/${LONG}`, subject: `${LONG}1` },
        { source: `/${LONG}`, subject: `${LONG}2` },
        { source: `/'?$1"`, subject: 'a\0b' },
      ]
      const metrics = ['temperature', '__proto__', 'a\0', 'a\ufffd', `'?$1"`, LONG]
      const minutes = sensors.flatMap((entity, sensor) =>
        metrics.map((metric, index) =>
          storedMinute(1, 100 * sensor + index, { ...at(60 * sensor + index), entity, metric }),
        ),
      )
      await using(minutes, async storage => {
        for (const [sensor, entity] of sensors.entries())
          for (const [index, metric] of metrics.entries()) {
            // In rows of one minute, `a\ufffd` would come second. Here each metric has a minute of its own.
            const points = await readPoints(
              storage,
              { ...PERIOD, ...createSubject(entity) },
              metric,
              'minute',
            )
            const expected = metric.startsWith('a') ? [2, 3] : [index]
            assert.deepEqual(
              listMeans(points),
              expected.map(value => 100 * sensor + value),
              `${sensor} ${index}`,
            )
          }
      })
    })

    it('given values that no sum can hold, or members that are no statistics, then they are left out', async () => {
      const huge = Number.MAX_VALUE
      const minutes = [
        storedMinute(1, 20, at(0)),
        storedMinute(1, huge, at(1)),
        storedMinute(1, -huge, at(2)),
        storedMinute(1, 1, { ...at(3), values: { count: huge } }),
        storedMinute(1, 1, { ...at(4), values: { count: 0 } }),
        storedMinute(1, 1, { ...at(5), values: { mean: 'x' } }),
        storedMinute(1, 1, { ...at(6), values: { minimum: null } }),
        storedMinute(1, 1, { ...at(7), metrics: { temperature: 7 } }),
        storedMinute(1, 1, { ...at(8), metrics: null }),
        storedMinute(1, 1, { ...at(9), entity: 'roof-1' }),
        storedMinute(1, 1, { ...at(10), windowStart: 'soon' }),
      ]
      await using(minutes, async storage => {
        assert.deepEqual(listMeans(await readPoints(storage, PERIOD, 'temperature', 'hour')), [20])
      })
    })

    it('given alerts, then those that were firing in the period are found, the newest first, each once', async () => {
      const alert = (kind: 'fired' | 'resolved', id: string, from: number, to = 0) =>
        storedAlert(kind, id, {
          startedAt: new Date(NOON + from * HOUR_MS).toISOString(),
          ...(kind === 'resolved' && { endedAt: new Date(NOON + to * HOUR_MS).toISOString() }),
        })
      const events = [
        ...[alert('fired', 'over', -3), alert('resolved', 'over', -3, -2)],
        ...[alert('fired', 'before', -3), alert('resolved', 'before', -3, 1)],
        alert('fired', 'firing', -2),
        alert('resolved', 'within', 1, 2),
        ...[alert('fired', 'ending', -2.5), alert('resolved', 'ending', -2.5, -1)],
        ...[alert('fired', 'at-the-end', 12), alert('fired', 'later', 13)],
        storedAlert('fired', 'other', { entity: { source: '/environment/roof', subject: 'roof-2' } }),
        storedAlert('fired', 'same-subject', { entity: { source: '/other', subject: 'roof-1' } }),
        storedAlert('fired', 'no-subject', { entity: { source: '/environment/roof' } }),
        storedAlert('fired', 'long', { entity: { source: LONG, subject: LONG } }),
        storedAlert('fired', 'longer', { entity: { source: LONG, subject: `${LONG}2` } }),
      ]
      await using(events, async storage => {
        const facts = { rule: 'HIGH_TEMP', metric: 'temperature', severity: 'critical' }
        assert.deepEqual(await readAlerts(storage, PERIOD), [
          { ...facts, id: 'within', startedMs: NOON + HOUR_MS, endedMs: NOON + 2 * HOUR_MS },
          { ...facts, id: 'firing', startedMs: NOON - 2 * HOUR_MS, endedMs: null },
          { ...facts, id: 'ending', startedMs: NOON - 2.5 * HOUR_MS, endedMs: NOON - HOUR_MS },
          { ...facts, id: 'before', startedMs: NOON - 3 * HOUR_MS, endedMs: NOON + HOUR_MS },
        ])
        const { subject: _, ...ofSource } = PERIOD
        assert.deepEqual(
          (await readAlerts(storage, ofSource)).map(({ id }) => id),
          ['no-subject'],
        )
        const ofLong = { ...PERIOD, source: LONG, subject: LONG }
        assert.deepEqual(
          (await readAlerts(storage, ofLong)).map(({ id }) => id),
          ['long'],
        )
      })
    })

    // Promise docs/storage.md#readers
    it('given a question that writes, then it is refused', async () => {
      await using([storedMinute(1, 20)], async storage => {
        const text = (schema: string) => `DELETE FROM ${schema}minute_statistics WHERE metric = ?`
        await assert.rejects(
          storage.read(({ schema }) => ({ text: text(schema), values: ['temperature'] })),
          error => {
            assert.ok(error instanceof RetryableError, String(error))
            assert.match(error.message, /read-only/)
            return true
          },
        )
        assert.deepEqual(listMeans(await readPoints(storage, PERIOD, 'temperature', 'minute')), [20])
      })
    })

    it('given a database without tables, then the message says what creates them', async () => {
      await using([], async storage => {
        await assert.rejects(readAlerts(storage, PERIOD), /: `storage` has not created its tables yet/)
      })
    })
  })
}

const createSubject = ({ source, subject }: { readonly source: string; readonly subject?: string }) => ({
  source,
  subject,
})

export function listMeans(points: readonly ChartPoint[]): number[] {
  return points.map(([, mean]) => mean)
}
