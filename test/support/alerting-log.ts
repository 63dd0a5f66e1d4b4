/** Random logs of readings with every record that the alerting consumer treats specially, and rules of every kind. */

import { buildRedriveHeaders, type LogRecord, writeEvent } from '#runtime/cloudevents'
import { type Event, failureId } from '#runtime/consumer'
import type { Consumer } from '#runtime/pipeline'
import { kafkaEvent, logRecord } from '#runtime/test/support/records'
import type { Random } from '#runtime/testing'
import { Stage } from '#runtime/testing'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert } from '../../lib/alerting/alert.ts'
import { parseRules } from '../../lib/alerting/parse-rules.ts'
import type { AnyRule } from '../../lib/alerting/patterns/pattern.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { buildRuleSet } from '../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../lib/alerting/rules-activated.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import { APPLICATION, FAMILIES } from './families.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const SENSORS = ['a', 'b', 'c', 'd']
/** Kafka name of the topic of alert events. */
export const ALERTS = 'sluice.telemetry.alerts.test'
const STATUSES = ['ok', 'degraded', 'maintenance']

/** Rules of every kind, with short durations, so that a short log meets all their transitions. */
export const EVERY_KIND: readonly AnyRule[] = rulesFrom([
  { name: 'NOW', fireAbove: 50 },
  { name: 'TEAM', fireAbove: 55, labels: { team: 'ops' }, match: { entity: ['a', 'b'] } },
  { name: 'LATER', fireAbove: 50, clearBelow: 40, for: '1m', staleAfter: '3m' },
  { name: 'HELD', fireAbove: 50, for: '2m', keepFiringFor: '90s', staleAfter: '5m', onSilence: 'ok' },
  { name: 'KEPT', fireBelow: 20, clearAbove: 30, keepFiringFor: '2m' },
  { name: 'SILENT', fireAbove: 60, for: '1m', staleAfter: '2m', onSilence: 'alert' },
  { name: 'GONE', fireAbove: 60, staleAfter: '4m', onSilence: 'no-data' },
  { name: 'WET', metric: 'humidity', fireOutside: [20, 80], for: '30s' },
  { name: 'CHANGED', fireOutside: [-30, 30], changeOver: '2m' },
  { name: 'ODD', fireOutside: [-1, 1], deviationOver: '10m', for: '10s' },
  { name: 'STATE', metric: 'status', fireEquals: ['degraded', 'maintenance'], keepFiringFor: '1m' },
  { name: 'PAUSED', fireAbove: 10, paused: true },
  {
    name: 'OFTEN',
    family: undefined,
    metric: undefined,
    pattern: { count: 3, of: { family: 'environment', metric: 'temperature', fireAbove: 45 }, within: '5m' },
  },
])

export function rulesFrom(rows: readonly object[]): readonly AnyRule[] {
  const whole = rows.map(row => {
    const given = { family: 'environment', metric: 'temperature', severity: 'warning', ...row }
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  })
  const { rules, errors } = parseRules(FAMILIES, { rules: whole })
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
  return rules
}

/** Returns the records of one partition in the order of their offsets. */
export function alertingLog(
  random: Random,
  length: number,
  rules: readonly AnyRule[],
  site = 'oslo',
): LogRecord[] {
  const log: LogRecord[] = []
  const sent: Event[] = []
  const failed: { readonly record: LogRecord; attempt: number }[] = []
  let [offset, nowMs, tickMs] = [random.between(0, 5), START_MS, START_MS]
  const add = (content: Parameters<typeof logRecord>[1]): LogRecord => {
    const record = logRecord(offset, content, { timestampMs: nowMs })
    offset += random.chance(0.05) ? 3 : 1
    log.push(record)
    return record
  }
  while (log.length < length) {
    nowMs += random.chance(0.97)
      ? random.pick([0, 100, 2_000, 15_000, 40_000])
      : random.pick([400_000, 4_000_000, -5_000])
    for (; tickMs <= nowMs; tickMs += 60_000)
      if (random.chance(0.9)) add(tick(0, new Date(tickMs).toISOString()))
    const reading = readingAt(random, nowMs, offset, site)
    const what = random.next()
    if (what < 0.05 && sent.length > 0) add(random.pick(sent.slice(-20)))
    else if (what < 0.07 && sent.length > 0) add({ ...random.pick(sent), data: reading.data })
    else if (what < 0.09)
      failed.push({
        record: add({ ...reading, time: new Date(nowMs + 3_600_000).toISOString() }),
        attempt: 1,
      })
    else if (what < 0.12)
      failed.push({
        record: add({ ...reading, data: { ...(reading.data as object), humidity: 300 } }),
        attempt: 1,
      })
    else if (what < 0.14) failed.push({ record: add({ value: Buffer.from('no event') }), attempt: 1 })
    else if (what < 0.18)
      add({ ...rulesActivated(buildRuleSet(rules), 0, new Date(nowMs).toISOString()), id: `r${offset}` })
    else if (what < 0.2)
      add({
        ...reading,
        data: { ...(reading.data as object), temperature: random.pick([100, 140]), unit: '°F' },
      })
    else if (what < 0.21) add({ ...reading, extensions: { comment: 'x'.repeat(random.pick([10, 5_000])) } })
    else if (what < 0.25 && failed.length > 0) redriven(random, random.pick(failed.slice(-5)), add)
    else {
      add(reading)
      sent.push(reading)
    }
  }
  return log
}

function redriven(
  random: Random,
  one: { readonly record: LogRecord; attempt: number },
  add: (content: Parameters<typeof logRecord>[1]) => LogRecord,
): void {
  const { record, attempt } = one
  const { partition, offset, timestampMs } = record
  const consumer = random.chance(0.2) ? 'processor' : 'alerting'
  const headers = buildRedriveHeaders({
    ...{ consumer, failure: failureId('alerting', record), attempt: attempt + 1, history: [] },
    ...{ place: { partition, offset, timestampMs } },
  })
  if (consumer === 'alerting') one.attempt += 1
  add({ key: record.key, value: record.value, headers: [...record.headers, ...headers] })
}

function readingAt(random: Random, nowMs: number, offset: number, site: string): Event {
  const sensor = random.pick(SENSORS)
  const lateMs = random.chance(0.85) ? random.pick([0, 0, 500]) : random.pick([-60_000, 70_000, 300_000])
  const data = {
    sensorId: sensor,
    ...(random.chance(0.9) && { temperature: random.pick([10, 25, 35, 45, 52, 58, 65]) }),
    ...(random.chance(0.5) && { humidity: random.pick([10, 50, 90]) }),
    ...(random.chance(0.4) && { status: random.pick(STATUSES) }),
    pressure: 1013,
    location: { site, latitude: 59.9, longitude: 10.7 },
    ...(random.chance(0.2) && { tags: { tenant: 'one' } }),
  }
  return {
    id: `i${offset}`,
    source: `/environment/${site}`,
    type: 'io.sluice.environment.reading.v1',
    subject: sensor,
    ...(random.chance(0.9) && { time: new Date(nowMs - lateMs).toISOString() }),
    datacontenttype: 'application/json',
    data,
  }
}

/** Returns the alert events that the alerting consumer publishes for a log, and its decisions as `outcome/reason`. */
export async function publishedAlerts(
  records: readonly LogRecord[],
  rules: readonly AnyRule[],
  { batch = 100, ...settings }: { readonly batch?: number } & Partial<Consumer> = {},
): Promise<{ readonly alerts: readonly Alert[]; readonly outcomes: readonly string[] }> {
  const stage = new Stage(APPLICATION, { ...alerting(FAMILIES, rules) }, {}, 'readings')
  stage.consumer = { ...stage.consumer, newEntities: Number.MAX_SAFE_INTEGER, ...settings }
  for (let start = 0; start < records.length; start += batch)
    await stage.consume(kafkaEvent(records.slice(start, start + batch)))
  const alerts = stage.events.flatMap(({ type, data }) =>
    type === ALERT_FIRED_TYPE || type === ALERT_RESOLVED_TYPE ? [data as Alert] : [],
  )
  return { alerts, outcomes: stage.outcomes }
}

/** Returns the record of an alert event, as alerting publishes it. */
export function alertRecord(data: Alert, offset: number): LogRecord {
  const type = data.status === 'firing' ? ALERT_FIRED_TYPE : ALERT_RESOLVED_TYPE
  const event = { id: `a${offset}`, source: '/alerting', type, datacontenttype: 'application/json', data }
  const timestampMs = Date.parse(data.status === 'firing' ? data.startedAt : data.endedAt)
  return { topic: ALERTS, partition: 0, offset, timestampMs, key: null, ...writeEvent(event) }
}
