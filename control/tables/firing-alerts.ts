/** Table of firing alerts, read from the states of `notifier`. The cost of a query depends only on the number of firing alerts. */

import type { StateInspection } from '#runtime/operating/states'
import {
  type FiringAlert,
  type FiringAlerts,
  listFiringAlerts,
  NOTIFIER,
} from '../../lib/notification/firing-alerts.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { type AlertSummary, alertSummary } from './alert-summary.ts'
import { byText, readTable, type Table, type TopicSize } from './table.ts'

/** Firing alert, and the positions of its events. */
export interface FiringNow extends AlertSummary {
  /**
   * Positions of the alert's events. There is more than one position only if several partitions of the watched topic have reported
   * the same alert.
   */
  readonly places: readonly AlertPosition[]
}

interface AlertPosition {
  /** Partition of the alerts topic. */
  readonly partition: number
  /** Entity of the alert's events: source and subject, separated by a space. */
  readonly events: string
  readonly firing: FiringAlert
}

/** Table of positions. The alert of the clock has one row for each partition of readings that reports it. */
const FIRING: Table<FiringAlerts, AlertPosition> = {
  process: { name: NOTIFIER },
  rows: ({ partition, entity, state }) =>
    listFiringAlerts(state).map(firing => ({ partition, events: entity, firing })),
  order: (a, b) => startedMs(a) - startedMs(b) || byText(getAlertId(a), getAlertId(b)),
}

/**
 * Returns the firing alerts without duplicates, in the order in which they fired.
 *
 * @param families families, which have the units of the alerts' values
 * @param alerts topic with the alerts
 * @throws Unavailable if Redis does not respond
 */
export async function firingNow(
  families: Families,
  inspection: Pick<StateInspection, 'states'>,
  alerts: TopicSize,
): Promise<FiringNow[]> {
  const { rows } = await readTable(inspection, FIRING, alerts)
  return [...Map.groupBy(rows, getAlertId).values()].map(places => mergePositions(families, places))
}

/** Merges the positions of one alert. The properties of the first position are used. */
function mergePositions(families: Families, places: readonly AlertPosition[]): FiringNow {
  const { alert, traceparent = null, writtenMs } = (places[0] as AlertPosition).firing
  return { ...alertSummary(families, alert, traceparent, writtenMs), places }
}

function getAlertId({ firing }: AlertPosition): string {
  return firing.alert.alertId
}

function startedMs({ firing }: AlertPosition): number {
  return Date.parse(firing.alert.startedAt)
}
