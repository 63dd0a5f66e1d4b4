/** Finds the reading that caused an alert. */

import type { LogRecord } from '#runtime/cloudevents/index.ts'
import { instant } from '#runtime/consumer/index.ts'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { type AlertCause, findAlertCause } from '../../../lib/queries/alerts/alert-cause.ts'
import { readAlert } from '../../../lib/queries/alerts/alerts-topic.ts'
import type { ShownAlert } from '../../../lib/queries/alerts/known-alerts.ts'
import { readTopicReach } from '../../../lib/queries/kafka/topics.ts'
import { selectNewest } from '../../../lib/queries/records/newest-ranges.ts'
import { toRanges } from '../../../lib/queries/records/read-records.ts'
import { tableOfSource } from '../../../lib/views/event-names.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { LimitedAlertSource } from './alert-source.ts'

/** Result of the search for the reading that caused an alert. `cause` is null if the reading was not found. */
export interface CauseOfAlert {
  readonly cause: {
    readonly as: AlertCause['as']
    readonly id: string
    readonly time: string
    readonly topic: string
    readonly partition: number
    readonly offset: number
    readonly data: unknown
  } | null
  /** Number of records that were searched, and the time of the first, RFC 3339; absent if nothing was. */
  readonly searched?: { readonly records: number; readonly since: string }
  /** Sentence that says why the search was not complete; absent if it was. */
  readonly incomplete?: string
}

/** Alert whose cause is searched for, and the topic of the alert's events. */
type CausedAlert = Pick<ShownAlert, 'id' | 'transitions'> & { readonly topic: string }

const MAX_RECORDS = 200_000
const MAX_MS = 8_000
/** Lengths of the time ranges before the alert in which the reading is searched, in this order. */
const BEFORE_MS = [60_000, 3_600_000]
/** Maximum assumed difference between the clocks of the broker and of the function that published the alert. */
const AFTER_MS = 60_000

const GONE: CauseOfAlert = {
  cause: null,
  incomplete: 'The event of the firing alert is no longer in the alerts topic.',
}

/** An alert and the record of its `firing` event. */
interface FiredRecord {
  readonly alert: Alert
  readonly record: LogRecord
}

/** Finds the reading that caused an alert. @throws Unavailable if Kafka does not respond */
export async function findCause(environment: ConsoleEnvironment, alert: CausedAlert): Promise<CauseOfAlert> {
  const source = new LimitedAlertSource(environment)
  const firedRecord = await readFiredRecord(environment, source, alert)
  if (!firedRecord) return GONE
  const stop = AbortSignal.timeout(MAX_MS)
  let found: AlertCause | undefined
  let outcome: Omit<CauseOfAlert, 'cause'> = {}
  for (const beforeMs of BEFORE_MS) {
    const fromMs = firedRecord.record.timestampMs - beforeMs
    try {
      const search = await searchCause(environment, source, firedRecord, fromMs, stop)
      found = search.found ?? found
      outcome = { searched: { records: search.records, since: instant(fromMs) } }
    } catch (error) {
      if (!stop.aborted) throw error
      outcome = { incomplete: `The search was stopped after ${MAX_MS / 1000} s, before its end.` }
    }
    if (stop.aborted || (found && found.as !== 'last')) break
  }
  return { cause: found ? toShownCause(found) : null, ...outcome }
}

async function readFiredRecord(
  environment: ConsoleEnvironment,
  source: LimitedAlertSource,
  { transitions, topic, id }: CausedAlert,
): Promise<FiredRecord | undefined> {
  const fired = transitions.find(({ kind }) => kind === 'fired')
  if (!fired) return undefined
  const { partition, offset } = fired
  const log = await environment.log()
  const { records } = await log.read(topic, partition, { fromOffset: offset, toOffset: offset })
  const [record] = await source.toPlainRecords(records.filter(one => one.offset === offset))
  const found = record && readAlert(record)
  return record && found?.alert.alertId === id ? { alert: found.alert, record } : undefined
}

async function searchCause(
  environment: ConsoleEnvironment,
  source: LimitedAlertSource,
  { alert, record }: FiredRecord,
  fromMs: number,
  stop: AbortSignal,
): Promise<{ readonly found: AlertCause | undefined; readonly records: number }> {
  const { source: of } = alert.entity
  const isOfTable = tableOfSource(of) !== undefined
  const topic = environment.topic(isOfTable ? 'view-changes' : 'readings')
  const offsets = await environment.offsets()
  const [from, to] = [
    await readTopicReach(offsets, topic, fromMs),
    await readTopicReach(offsets, topic, record.timestampMs + AFTER_MS),
  ]
  const until = toRanges(topic, from).map(range => ({
    ...range,
    end: to.atTime[range.partition] ?? range.end,
  }))
  const { ranges } = selectNewest(until, MAX_RECORDS)
  const toPlain = (records: readonly LogRecord[]) => source.toPlainRecords(records)
  const found = await findAlertCause(await environment.log(), ranges, alert, toPlain, stop)
  return { found, records: ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0) }
}

function toShownCause({ as, event, record }: AlertCause): NonNullable<CauseOfAlert['cause']> {
  const { topic, partition, offset, timestampMs } = record
  return {
    ...{ as, id: event.id, time: event.time ?? instant(timestampMs) },
    ...{ topic, partition, offset, data: event.data ?? null },
  }
}
