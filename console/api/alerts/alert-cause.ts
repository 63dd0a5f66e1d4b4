/** Finds the reading that caused an alert. */

import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import { type Event, instant } from '#runtime/consumer'
import { findEmittingRecord, plainRecords } from '#runtime/pipeline'
import { type AlertCause, findAlertCause } from '../../../control/queries/alerts/alert-cause.ts'
import { getAlert } from '../../../control/queries/alerts/alerts-topic.ts'
import type { Alert } from '../../../lib/alerting/index.ts'
import { awaitKafkaAnswer } from '../../../lib/log/kafka-answers.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareQuery } from '../../http/declare-route.ts'
import { PLACE_FIELDS } from '../kafka/messages/message-query.ts'

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
  /** Sentence that says why the search was not complete; absent if it was. */
  readonly incomplete?: string
}

/** Maximum number of records before the alert that are searched, and time limit of the search. */
const MAX_RECORDS = 200_000
const MAX_MS = 8_000
/** Time before the alert that is searched at least, for an entity that has fallen silent. */
const BEFORE_MS = 3_600_000

type Place = Pick<LogRecord, 'partition' | 'offset'>

/** The event of a firing alert, its alert, and the time of its record. */
interface FiredEvent {
  readonly event: Event
  readonly alert: Alert
  readonly timestampMs: number
}

export function declareCauseRoutes(environment: ConsoleEnvironment) {
  const { partition, offset } = PLACE_FIELDS
  return { '/alerts/cause': declareQuery({ partition, offset }, place => findCause(environment, place)) }
}

/**
 * Finds the reading that caused an alert. @param place position of the event of the firing alert
 *
 * @throws Unavailable if Kafka does not respond
 */
async function findCause(environment: ConsoleEnvironment, place: Place): Promise<CauseOfAlert> {
  const fired = await readFiredEvent(environment, place)
  const at = fired && findEmittingRecord(fired.event)
  if (!at)
    return { cause: null, incomplete: 'The event of the firing alert is gone, or does not name its record.' }
  const { topic, partition, offset } = at
  const fromMs = Math.min(Date.parse(fired.alert.activeAt), fired.timestampMs - BEFORE_MS)
  const starts = await awaitKafkaAnswer(`topic ${topic}`, (await environment.offsets()).at(topic, fromMs))
  const start = Math.min(offset, Math.max(starts[partition] ?? 0, offset - MAX_RECORDS))
  const stop = AbortSignal.timeout(MAX_MS)
  try {
    const range = { topic, partition, start, end: offset + 1 }
    const toPlain = (records: readonly LogRecord[]) => plainRecords(records, environment.reader)
    const found = await findAlertCause(await environment.log(), [range], fired.alert, toPlain, stop)
    return { cause: found ? toShownCause(found) : null }
  } catch (error) {
    if (!stop.aborted) throw error
    return { cause: null, incomplete: `The search was stopped after ${MAX_MS / 1000} s, before its end.` }
  }
}

async function readFiredEvent(
  environment: ConsoleEnvironment,
  { partition, offset }: Place,
): Promise<FiredEvent | undefined> {
  const log = await environment.log()
  const range = { fromOffset: offset, toOffset: offset }
  const { records } = await log.read(environment.topic('alerts'), partition, range)
  const own = records.filter(record => record.offset === offset)
  const [record] = await plainRecords(own, environment.reader)
  const event = record && readEvent(record)
  if (!record || !event || isFailure(event)) return undefined
  const alert = getAlert(event)
  return alert && { event, alert, timestampMs: record.timestampMs }
}

function toShownCause({ as, event, record }: AlertCause): NonNullable<CauseOfAlert['cause']> {
  const { topic, partition, offset, timestampMs } = record
  return {
    ...{ as, id: event.id, time: event.time ?? instant(timestampMs) },
    ...{ topic, partition, offset, data: event.data ?? null },
  }
}
