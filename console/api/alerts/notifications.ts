/** Sent notifications and the outcome of each delivery. */
import { check, number, optional, pipe, string, transform } from 'valibot'
import { dataReader } from '../../../lib/app/data-reader.ts'
import type { Signal } from '../../../lib/app/topics.ts'
import type { NotificationReason } from '../../../lib/notification/notification.ts'
import { NOTIFICATION_TYPE } from '../../../lib/notification/notification.ts'
import { positionsAt } from '../../../lib/queries/journey/positions.ts'
import { newestOf } from '../../../lib/queries/newest.ts'
import { rangesOf, searchRecords } from '../../../lib/queries/records.ts'
import {
  outcomeOf,
  type SentNotification,
  type SinkOutcome,
  sentNotifications,
  undeliveredIn,
} from '../../../lib/queries/sent-notifications.ts'
import { topicReach } from '../../../lib/queries/topics.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { entityOf } from '../../../packages/runtime/consumer/event.ts'
import { plainRecords } from '../../../packages/runtime/pipeline/decoding/plain-records.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { KeptAnswers } from '../../live/kept.ts'
import { ProblemError } from '../problem.ts'
import { watched } from '../route.ts'

export interface NotificationRow {
  /** Id of the event. */
  readonly id: string
  readonly at: string
  readonly reason: NotificationReason
  readonly group: string
  readonly receivers: readonly string[]
  readonly alerts: readonly NotifiedAlert[]
  /** Number of alerts in the notification that are not listed here. */
  readonly omitted: number
  /** Outcome of the delivery for each function that delivers notifications. */
  readonly outcomes: readonly SinkOutcome[]
}

interface NotifiedAlert {
  readonly id: string
  readonly rule: string
  readonly status: 'firing' | 'resolved'
  readonly entity: string
}

export interface NotificationsAnswer {
  /** Newest first. */
  readonly notifications: readonly NotificationRow[]
  readonly total: number
  /** Number of older records of the topic that were not read because of the limit. */
  readonly leftOut: number
}

const MAX_ROWS = 200
/** Maximum number of alerts per row. The others are counted in `omitted`. */
const MAX_ALERTS = 10
const MAX_RECORDS = 100_000
const MAX_MS = 10_000
const HOUR_MS = 3_600_000
/** Prefix of the names of all functions that deliver notifications. */
const SINKS = 'notify-'

const QUERY = {
  hours: optional(
    pipe(
      string(),
      transform(Number),
      number(),
      check(
        hours => hours > 0 && hours <= 24 * 7,
        'must be a number of hours above 0, up to the 7 days that the topic retains',
      ),
    ),
    '24',
  ),
  alert: optional(
    pipe(
      string(),
      check(id => id.length <= 200, 'must have at most 200 characters'),
    ),
    '',
  ),
}

export function notificationRoutes(environment: ConsoleEnvironment) {
  const kept = new KeptAnswers<NotificationsAnswer>({ forMs: 0, most: 20, idleMs: 300_000 })
  return {
    '/alerts/notifications': watched(QUERY, 5_000, given =>
      kept.ask(JSON.stringify(given), () => notificationsIn(environment, given)),
    ),
  }
}

async function notificationsIn(
  environment: ConsoleEnvironment,
  { hours, alert }: { readonly hours: number; readonly alert: string },
): Promise<NotificationsAnswer> {
  const topic = environment.topic('notifications')
  const search = new Search(environment, Date.now() - hours * HOUR_MS)
  const [records, failures, letters] = await Promise.all([
    search.find('notifications', NOTIFICATION_TYPE),
    search.find('failures', SINKS),
    search.find('dlq', SINKS),
  ])
  const plain = await plainRecords(records, dataReader(environment.config))
  const all = sentNotifications(plain).filter(
    ({ notification: { alerts } }) => alert === '' || alerts.some(({ alertId }) => alertId === alert),
  )
  const shown = all.slice(0, MAX_ROWS)
  const sinks = environment.functions
    .filter(({ name, consumes }) => name.startsWith(SINKS) && consumes.includes('notifications'))
    .map(({ name, emits }) => ({ name, consumes: [topic], emits }))
  const places = shown.map(({ partition, offset }) => ({ topic, partition, offset }))
  const positions = await positionsAt(places, sinks, await environment.inspection())
  const applied = (sink: string, partition: number) =>
    positions.find(one => one.consumer === sink && one.partition === partition)?.appliedOffset ?? -1
  const undelivered = undeliveredIn([...failures, ...letters], topic)
  const outcomesOf = (one: SentNotification) =>
    sinks.map(({ name }) => outcomeOf(one, name, applied(name, one.partition), undelivered))
  return {
    notifications: shown.map(one => rowOf(one, outcomesOf(one))),
    total: all.length,
    leftOut: search.leftOut,
  }
}

function rowOf(
  { id, at, notification }: SentNotification,
  outcomes: readonly SinkOutcome[],
): NotificationRow {
  const { reason, group, receivers, alerts, omitted } = notification
  return {
    ...{ id, at, reason, group, receivers, outcomes },
    alerts: alerts.slice(0, MAX_ALERTS).map(({ alertId, rule, status, entity }) => {
      return { id: alertId, rule, status, entity: entityOf(entity) }
    }),
    omitted: omitted + Math.max(0, alerts.length - MAX_ALERTS),
  }
}

class Search {
  /** Number of records of the notifications topic that were not read. */
  leftOut = 0
  readonly #environment: ConsoleEnvironment
  readonly #sinceMs: number
  readonly #signal = AbortSignal.timeout(MAX_MS)

  constructor(environment: ConsoleEnvironment, sinceMs: number) {
    this.#environment = environment
    this.#sinceMs = sinceMs
  }

  /** Returns the records of a topic that contain a text. The result may include records that do not contain it. */
  async find(signal: Signal, text: string): Promise<readonly LogRecord[]> {
    const topic = this.#environment.topic(signal)
    const reach = await topicReach(await this.#environment.offsets(), topic, this.#sinceMs)
    const { ranges, leftOut } = newestOf(rangesOf(topic, reach), MAX_RECORDS)
    if (signal === 'notifications') this.leftOut = leftOut
    const found: LogRecord[] = []
    try {
      await searchRecords(
        await this.#environment.log(),
        ranges,
        text,
        record => found.push(record),
        this.#signal,
      )
    } catch (error) {
      if (!this.#signal.aborted) throw error
      const limit = `within ${MAX_MS / 1_000} s`
      throw new ProblemError('unavailable', `${topic} could not be searched ${limit}. Choose a shorter time.`)
    }
    return found
  }
}
