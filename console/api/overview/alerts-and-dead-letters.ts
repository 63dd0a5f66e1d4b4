/** Recently fired or resolved alerts, and the number of open dead letters. */

import { AlertSource } from '../../../control/questions/alert-source.ts'
import { readDeadLettersNow } from '../../../control/questions/dead-letters.ts'
import { type AlertSummary, filteredAlerts } from '../../../control/tables/alert-summary.ts'
import { SEVERITIES } from '../../../lib/alerting/index.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

/** Number of firing alerts of a severity. */
export interface FiringCount {
  readonly severity: string
  readonly count: number
}

/** Maximum number of newest records read. */
const MAX_RECORDS = 600

/** Returns the alerts of the newest records, the last changed first. @throws the errors of `readRecords` */
export async function readRecentAlerts(environment: ConsoleEnvironment): Promise<readonly AlertSummary[]> {
  const lives = await new AlertSource(environment, { mostRecords: MAX_RECORDS }).lives(undefined)
  return filteredAlerts(lives, {})
    .toReversed()
    .map(({ transitions: _, ...alert }) => alert)
}

/** Counts firing alerts by severity: those of a view, and newer changes from the topic, as the view may be behind. Pure. */
export function countFiring(view: readonly AlertSummary[], newest: readonly AlertSummary[]): FiringCount[] {
  const byId = new Map([...view, ...newest].map(alert => [alert.id, alert]))
  const firing = [...byId.values()].filter(({ state }) => state === 'firing')
  return SEVERITIES.flatMap(severity => {
    const count = firing.filter(alert => alert.severity === severity).length
    return count > 0 ? [{ severity, count }] : []
  })
}

/** Limits of one count, whose answer is unknown until all records have been read. Counting in a large topic takes several calls. */
const COUNT_LIMITS = { mostRecords: Number.POSITIVE_INFINITY, withinMs: 500 }

export interface OpenDeadLetters {
  readonly count: number
  /** Time at which the oldest was written, in milliseconds since the epoch; undefined without dead letters. */
  readonly oldestMs: number | undefined
}

/** Counts the open dead letters. Returns null until the whole topic has been read. @throws the errors of `readRecords` */
export async function countOpenDeadLetters(environment: ConsoleEnvironment): Promise<OpenDeadLetters | null> {
  const { rows, left, pending, oldestMs } = await readDeadLettersNow(environment, true, COUNT_LIMITS)
  return pending === 0 ? { count: rows.filter(({ handled }) => !handled).length + left, oldestMs } : null
}
