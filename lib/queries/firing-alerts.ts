/** The alerts that fire now, as the view of them has it. The question reads as much as fires, however many entities there are. */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { type FiringAlert, type FiringAlerts, firingAlerts as view } from '../views/firing-alerts.ts'
import { type AlertSummary, alertSummary } from './alert-summary.ts'
import { storedEntities } from './entities.ts'
import { partitionsOf, type TopicSize } from './partition-states.ts'

/** An alert that fires now. */
export interface FiringNow extends AlertSummary {
  /**
   * Where its events lie: in one place, unless several partitions of what is watched have told of the same alert. Nothing but the
   * place of an acknowledgement depends on it.
   */
  readonly places: readonly AlertPlace[]
}

export interface AlertPlace {
  /** Of the alerts topic. */
  readonly partition: number
  /** Name of the entity that its events are about: their `source`, a space, their `subject`. */
  readonly events: string
  readonly firing: FiringAlert
}

/**
 * The alerts that fire now, each once, in the order in which they fired.
 *
 * @param alerts the topic that the view reads
 * @throws Unavailable if Redis does not answer
 */
export async function firingNow(
  inspection: Pick<StateInspection, 'states'>,
  alerts: TopicSize,
): Promise<FiringNow[]> {
  const places = await Promise.all(
    partitionsOf(view.name, alerts).map(async partitionState => {
      const found: AlertPlace[] = []
      for await (const { partition, entity, state } of storedEntities(inspection, partitionState, ''))
        for (const firing of Object.values((state as FiringAlerts).alerts))
          found.push({ partition, events: entity, firing })
      return found
    }),
  )
  const byId = new Map<string, AlertPlace[]>()
  for (const place of places.flat()) {
    const { alertId } = place.firing.alert
    byId.set(alertId, [...(byId.get(alertId) ?? []), place])
  }
  return [...byId.values()].map(merged).sort(byTime)
}

/** Of several places, the first that fired tells of the alert. It is acknowledged once every place is. */
function merged(places: readonly AlertPlace[]): FiringNow {
  const [first] = places.toSorted((a, b) => startedMs(a) - startedMs(b))
  const { alert, traceparent, acknowledged } = (first as AlertPlace).firing
  const isAcknowledged = places.every(({ firing }) => firing.acknowledged)
  return {
    ...alertSummary(alert, {
      traceparent: traceparent ?? null,
      acknowledged: (isAcknowledged && acknowledged) || null,
    }),
    places,
  }
}

function startedMs({ firing }: AlertPlace): number {
  return Date.parse(firing.alert.startedAt)
}

function byTime(a: FiringNow, b: FiringNow): number {
  return Date.parse(a.startedAt) - Date.parse(b.startedAt) || (a.id < b.id ? -1 : 1)
}
