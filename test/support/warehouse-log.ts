/** Histories for tests of the warehouse: records of readings and alerts as objects of a store in memory. */
import assert from 'node:assert/strict'
import type { Event } from '#runtime/consumer/event.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../../lib/alerting/alert.ts'
import { tableOfTopic } from '../../lib/app/history-store.ts'
import { formatDay, formatObjectKey } from '../../lib/history/object-key.ts'
import { encodeRows } from '../../lib/history/parquet.ts'
import type { HistoryRow } from '../../lib/history/row.ts'
import type { HistoryStore } from '../../lib/history/store.ts'
import { type EtlResult, runEtl } from '../../lib/operations/etl/run-etl.ts'
import { MARTS, SHOWN } from '../../lib/warehouse/adapters/common-sql.ts'
import { ALERT_LOG } from '../../lib/warehouse/alert-marts.ts'
import type { MartRow } from '../../lib/warehouse/mart.ts'
import type { WarehouseTarget } from '../../lib/warehouse/target.ts'

export const NOON = Date.parse('2026-03-01T12:00:00Z')

/** Returns the rows of events, with an offset for each, from `first` on. */
export function historyOf(
  topic: string,
  events: readonly (Event | undefined)[],
  { partition = 0, first = 0 }: { readonly partition?: number; readonly first?: number } = {},
): HistoryRow[] {
  return events.map((event, index) => {
    const timestampMs = NOON + (first + index) * 1000
    const place = { topic, partition, offset: first + index, timestampMs, key: null, headers: [] }
    return event ? { ...place, event } : { ...place, raw: { value: null, code: 'not-an-event' } }
  })
}

/** Writes rows of one partition as an object. */
export async function archive(store: HistoryStore, rows: readonly HistoryRow[]): Promise<string> {
  const [first, last] = [rows[0], rows.at(-1)]
  assert.ok(first && last)
  const table = tableOfTopic(first.topic)
  assert.ok(table)
  const range = {
    topic: first.topic,
    partition: first.partition,
    day: formatDay(first.timestampMs),
  }
  const key = formatObjectKey({ ...range, table, firstOffset: first.offset, lastOffset: last.offset })
  await store.put(key, encodeRows(table, rows))
  return key
}

export function readingOf(id: string, sensorId: string, timeMs: number | undefined, metrics: object): Event {
  return {
    id,
    source: '/environment/roof',
    type: 'io.sluice.environment.reading.v1',
    subject: sensorId,
    ...(timeMs === undefined ? {} : { time: new Date(timeMs).toISOString() }),
    datacontenttype: 'application/json',
    data: { sensorId, location: { site: 'roof' }, ...metrics },
  }
}

/** Returns an event of the alert `alertId`, which fires at `NOON`. */
export function alertEventOf(
  kind: 'fired' | 'resolved',
  alertId: string,
  { id = `${kind} ${alertId}`, atMs = NOON, sensor = 'roof-1', rule = 'HIGH_TEMP' } = {},
): Event {
  const at = new Date(atMs).toISOString()
  const named = {
    alertId,
    fingerprint: `print ${alertId}`,
    rule,
    entity: { source: '/environment/roof', subject: sensor },
  }
  const alert = {
    ...named,
    ...{
      severity: 'warning',
      labels: { team: 'roof', 'a"b': 'c\\d\te' },
      summary: 'Too hot: 31 °C',
      family: 'environment',
    },
    ...{
      metric: 'temperature',
      activeAt: new Date(NOON).toISOString(),
      startedAt: new Date(NOON).toISOString(),
    },
  }
  const [type, data] =
    kind === 'fired'
      ? [ALERT_FIRED_TYPE, { ...alert, status: 'firing', value: 31, threshold: 30, reason: 'condition' }]
      : [ALERT_RESOLVED_TYPE, { ...alert, status: 'resolved', value: 29, endedAt: at, reason: 'cleared' }]
  const attributes = { source: '/alerting', subject: `${rule} /environment/roof ${sensor}`, time: at }
  return { id, type, ...attributes, datacontenttype: 'application/json', data }
}

/** Returns the rows of `alert_log`. Unknown times are omitted. */
export function alertLog(alerts: readonly MartRow[]): MartRow[] {
  const names = ALERT_LOG.columns.map(([name]) => name)
  const shown = alerts.filter(({ alert_ts }) => alert_ts !== null)
  return shown.map(row => Object.fromEntries(names.map(name => [name, row[name] ?? null])))
}

export type Marts = Readonly<Record<string, readonly MartRow[]>>

/** Returns the rows of all marts and views in a fixed order, with numbers that differ only by rounding made equal. */
export async function martsOf(target: WarehouseTarget): Promise<Marts> {
  const names = new Set([...MARTS, ...SHOWN].map(({ name }) => name))
  const all: Record<string, MartRow[]> = {}
  for (const name of names) {
    const rows = (await target.rows(name)).map(row =>
      Object.fromEntries(Object.entries(row).map(([column, value]) => [column, comparable(column, value)])),
    )
    all[name] = rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  return all
}

function comparable(column: string, value: MartRow[string] | undefined): MartRow[string] {
  // PostgreSQL stores JSON without the order of its keys.
  if (column === 'labels' && typeof value === 'string')
    return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(value)).sort()))
  if (typeof value !== 'number' || Number.isInteger(value)) return value ?? null
  return Number(value.toPrecision(9))
}

/** Runs `etl` once, and returns the run. Without time, it is not bounded. */
export async function loaded(
  store: HistoryStore,
  target: WarehouseTarget,
  options: Partial<Parameters<typeof runEtl>[0]> = {},
): Promise<EtlResult> {
  return await runEtl({
    ...{ store, target, remainingMs: () => Number.POSITIVE_INFINITY, nowMs: () => NOON },
    ...options,
  })
}
