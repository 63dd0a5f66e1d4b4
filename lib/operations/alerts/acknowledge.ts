/** Acknowledges a firing alert. An event is appended to the partition of the alert, and the view of firing alerts applies it. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StateInspection } from '../../../packages/runtime/adapters/redis/inspection.ts'
import { producedRecord } from '../../../packages/runtime/cloudevents/writer.ts'
import { partsOfEntity } from '../../../packages/runtime/consumer/event.ts'
import { Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'
import { type AlertAcknowledged, alertAcknowledged, type Statement } from '../../alerting/acknowledged.ts'
import { type FiringAlerts, NOTIFIER } from '../../notification/firing-alerts.ts'
import type { AlertPosition, FiringNow } from '../../tables/firing-alerts.ts'
import type { TopicSize } from '../../tables/table.ts'

/** Maximum time to wait until the view shows the acknowledgement, in milliseconds. */
const PATIENCE_MS = 10_000
const LOOK_EVERY_MS = 100

/** Acknowledgement of an alert, or its removal if `acknowledged` is false. */
export type AckStatement = Pick<AlertAcknowledged, 'acknowledged' | 'by' | 'comment'>

export interface Acknowledging {
  readonly inspection: Pick<StateInspection, 'state'>
  readonly publisher: () => Promise<Publisher>
  /** Topic that contains the alerts. */
  readonly topic: TopicSize
  readonly contentMode: Parameters<typeof producedRecord>[3]
}

export interface Acknowledged {
  /** Time of the acknowledgement, RFC 3339. */
  readonly at: string
  /**
   * Outcome of the acknowledgement. `shown`: the view shows it. `resolved`: the alert has resolved meanwhile. `not-yet`: it is in
   * the log, and the view will show it later.
   */
  readonly outcome: 'shown' | 'resolved' | 'not-yet'
}

/** Returns whether the alert has an acknowledgement that can be removed. */
export function isAcknowledged({ places }: Pick<FiringNow, 'places'>): boolean {
  return places.some(({ firing }) => firing.acknowledged)
}

/**
 * Appends the acknowledgement, and waits until the view shows it. Repeating the call has no further effect.
 *
 * @param stop ends the wait early
 * @throws Unavailable or RefusedByKafka if Kafka does not accept the event
 */
export async function acknowledge(
  to: Acknowledging,
  alert: FiringNow,
  said: AckStatement,
  stop: AbortSignal,
): Promise<Acknowledged> {
  const time = new Date().toISOString()
  await append(to, alert, { ...said, time })
  return { at: time, outcome: await untilShown(to, alert, said.acknowledged ? time : undefined, stop) }
}

/** Appends the event to the alert's partition, with the same key as the alert's other events. */
async function append(
  { publisher, topic: { topic }, contentMode }: Acknowledging,
  { places }: FiringNow,
  statement: Omit<Statement, 'id'>,
): Promise<void> {
  const records = places.map(({ partition, events, firing: { alert } }) => {
    const event = alertAcknowledged(alert, partsOfEntity(events), { ...statement, id: randomUUID() })
    return { ...producedRecord(topic, alert.fingerprint, event, contentMode), partition }
  })
  await (await publisher()).publish(records)
}

/**
 * Waits until the view shows the acknowledgement or its removal.
 *
 * @param at time of the acknowledgement; undefined for its removal
 */
async function untilShown(
  to: Acknowledging,
  { id, places }: FiringNow,
  at: string | undefined,
  stop: AbortSignal,
): Promise<Acknowledged['outcome']> {
  const endMs = performance.now() + PATIENCE_MS
  while (true) {
    const shown = await shownAt(to, places)
    if (!shown) return 'not-yet'
    const still = shown.filter(one => one?.alert.alertId === id)
    if (still.length === 0) return 'resolved'
    if (still.every(one => one?.acknowledged?.at === at)) return 'shown'
    if (stop.aborted || performance.now() > endMs) return 'not-yet'
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {})
  }
}

/**
 * Returns the alert as shown by the view in each of its partitions. Returns undefined if Redis does not answer; even then, the
 * acknowledgement is in the log.
 */
async function shownAt(to: Acknowledging, places: readonly AlertPosition[]) {
  try {
    return await Promise.all(places.map(place => firingAt(to, place)))
  } catch (error) {
    if (error instanceof Unavailable) return undefined
    throw error
  }
}

async function firingAt(
  { inspection, topic: { topic } }: Acknowledging,
  { partition, events, firing }: AlertPosition,
) {
  const state = await inspection.state({ consumer: NOTIFIER, topic, partition }, events)
  return (state as FiringAlerts | undefined)?.alerts[firing.alert.fingerprint]
}
