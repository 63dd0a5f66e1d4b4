import {
  ALERT_FIRED_TYPE,
  ALERT_RESOLVED_TYPE,
  type Alert,
  type FiredAlert,
} from '../../../../lib/alerting/alert.ts'
import { AlertDatabase } from '../../../../lib/operations/alert-log/database.ts'
import { readRanges } from '../../../../lib/operations/alert-log/read.ts'
import type { Value } from '../../../../lib/operations/alert-log/value.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../../packages/runtime/consumer/event.ts'
import { MemoryLogReader } from '../../../../packages/runtime/testing/log-reader.ts'
import { alertFired, logRecord } from '../../../support/records.ts'

const TOPIC = 'alerts'

/** An alert that fires at a time, which is RFC 3339. */
export function fired(alertId: string, at: string, changes: Partial<FiredAlert> = {}): Event<Alert> {
  const data = alertFired('x').data as FiredAlert
  const times = { activeAt: at, startedAt: at }
  return eventOf(ALERT_FIRED_TYPE, `${alertId}-fired`, at, { ...data, ...times, ...changes, alertId })
}

/** The end of the alert of an event. */
export function resolved(event: Event<Alert>, at: string, changes: object = {}): Event<Alert> {
  const end = { status: 'resolved', endedAt: at, reason: 'cleared', value: 20, ...changes }
  const data = { ...event.data, ...end } as unknown as Alert
  return eventOf(ALERT_RESOLVED_TYPE, `${data.alertId}-resolved`, at, data)
}

function eventOf(type: string, id: string, time: string, data: Alert): Event<Alert> {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  return {
    id,
    type,
    time,
    source: '/alerting',
    datacontenttype: 'application/json',
    data,
    extensions: { traceparent },
  }
}

/** A database whose alerts topic holds these events, in this order. The caller closes it. */
export async function databaseOf(
  contents: readonly Parameters<typeof logRecord>[1][],
): Promise<AlertDatabase> {
  const records: LogRecord[] = contents.map((content, offset) => logRecord(offset, content, { topic: TOPIC }))
  const database = await AlertDatabase.open()
  const ranges = [{ topic: TOPIC, partition: 0, start: 0, end: records.length }]
  const stop = new AbortController().signal
  await readRanges(new MemoryLogReader(records), ranges, event => database.add(event), stop)
  await database.complete()
  return database
}

/** The rows of all answers, each as an object. */
export async function answered(database: AlertDatabase, sql: string): Promise<Record<string, Value>[]> {
  const all: Record<string, Value>[] = []
  for await (const { columns, rows } of database.run(sql))
    for await (const row of rows())
      all.push(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])))
  return all
}

/** Asks one database, and closes it. */
export async function asked(
  contents: Parameters<typeof databaseOf>[0],
  sql: string,
): Promise<Record<string, Value>[]> {
  const database = await databaseOf(contents)
  try {
    return await answered(database, sql)
  } finally {
    database.close()
  }
}
