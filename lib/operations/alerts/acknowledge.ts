/**
 * Acknowledges a firing alert: appends an event to the partition of the alert, and waits until the view of
 * firing alerts has applied it.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StateInspection } from '../../../packages/runtime/adapters/redis/inspection.ts'
import { producedRecord } from '../../../packages/runtime/cloudevents/writer.ts'
import { partsOfEntity } from '../../../packages/runtime/consumer/event.ts'
import { Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'
import { type AlertAcknowledged, alertAcknowledged, type Statement } from '../../alerting/acknowledged.ts'
import { type FiringAlerts, firingAlerts as view } from '../../alerting/firing-alerts.ts'
import type { AlertPosition, FiringNow } from '../../tables/firing-alerts.ts'
import type { TopicSize } from '../../tables/table.ts'

/** Maximum time to wait for the view, in milliseconds. */
const PATIENCE_MS = 10_000
const LOOK_EVERY_MS = 100

/** Acknowledgement of an alert or, with `acknowledged: false`, its withdrawal. */
export type AckStatement = Pick<AlertAcknowledged, 'acknowledged' | 'by' | 'comment'>

export interface Acknowledging {
  readonly inspection: Pick<StateInspection, 'state'>
  readonly publisher: () => Promise<Publisher>
  /** Topic of alerts. */
  readonly topic: TopicSize
  readonly contentMode: Parameters<typeof producedRecord>[3]
}

export interface Acknowledged {
  /** Time of the acknowledgement, RFC 3339. */
  readonly at: string
  /**
   * Outcome. `shown`: lists show it. `resolved`: the alert resolved meanwhile. `not-yet`: it is in the log,
   * and lists will show it later.
   */
  readonly outcome: 'shown' | 'resolved' | 'not-yet'
}

/** Returns whether the alert has an acknowledgement that can be withdrawn. */
export function isAcknowledged({ places }: Pick<FiringNow, 'places'>): boolean {
  return places.some(({ firing }) => firing.acknowledged)
}

/**
 * Appends the event, and waits for the view. A repeat has no further effect.
 *
 * @param stop ends the wait for the view
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

/** Appends the event with the key of the alert's own events, and to their partition. */
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

/** @param at time of the acknowledgement; undefined for its withdrawal */
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

/** Returns undefined if Redis does not answer. The acknowledgement is in the log nevertheless. */
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
  const state = await inspection.state({ consumer: view.name, topic, partition }, events)
  return (state as FiringAlerts | undefined)?.alerts[firing.alert.fingerprint]
}
