/**
 * Periodic check of entities that have stopped reporting. It finds rules about silence that were activated after the last reading
 * of the entity, and forgets the entity after some days. Each entity has one timer for this check, which is moved at most once an
 * hour. Pure.
 */

import type { Step, Timer } from '#runtime/consumer'
import { DAY_MS } from '../support/duration.ts'
import { READINGS_TOPIC } from '../telemetry/readings-topic.ts'
import { tableOfSource } from '../views/event-names.ts'
import type { TrackedRule } from './entity-state.ts'
import { matchesEntity } from './rule.ts'
import type { RulesInForce } from './rules-in-force.ts'
import { awaitsEverySilence } from './silence.ts'

export const LOOK = 'look'

const LOOK_MS = 60 * 60_000
/** Number of days without a reading after which an entity is forgotten. It is longer than the retention of the log. */
const FORGOTTEN_AFTER_DAYS = READINGS_TOPIC.keptDays + 1

/**
 * Sets the check timer of an entity that has just reported. The timer is due in one to two hours.
 *
 * @param latestMs time of the previous report; undefined for the first report
 */
export function scheduleLook(step: Pick<Step, 'timerAt'>, latestMs: number | undefined, nowMs: number): void {
  const hour = Math.floor(nowMs / LOOK_MS)
  if (latestMs === undefined || Math.floor(latestMs / LOOK_MS) < hour) step.timerAt(LOOK, nowMs + 2 * LOOK_MS)
}

/** Returns whether an entity that last reported at `latestMs` is to be forgotten at `nowMs`. */
export function isForgotten(latestMs: number, nowMs: number): boolean {
  return nowMs >= forgottenMs(latestMs)
}

/** Sets the next check timer of a silent entity that is not yet forgotten. */
export function scheduleNextLook(step: Step, latestMs: number, nowMs: number): void {
  step.timerAt(LOOK, Math.min(nowMs + LOOK_MS, forgottenMs(latestMs)))
}

/** Returns the time at which an entity is forgotten: `FORGOTTEN_AFTER_DAYS` after the end of the day of its last report. */
function forgottenMs(latestMs: number): number {
  return (Math.floor(latestMs / DAY_MS) + 1 + FORGOTTEN_AFTER_DAYS) * DAY_MS
}

/**
 * Returns the rules about silence that were activated after the last reading of the entity. Rules that match the content of
 * readings are not returned, because only a reading can show whether they match.
 *
 * @param seen time of the last reading of each metric
 */
export function findNewSilenceRules(
  { byKey }: RulesInForce,
  tracked: Readonly<Record<string, TrackedRule>>,
  seen: Readonly<Record<string, number>>,
  { source, subject }: Pick<Timer, 'source' | 'subject'>,
): readonly (readonly [key: string, tracked: TrackedRule])[] {
  const found: (readonly [string, TrackedRule])[] = []
  const table = tableOfSource(source)
  for (const [key, { rule }] of byKey) {
    if (!awaitsEverySilence(rule) || Object.hasOwn(tracked, key) || !Object.hasOwn(seen, rule.metric))
      continue
    const { match } = rule
    // A column can have the name of a metric.
    if (rule.table !== table) continue
    if (match && (match.dimensions.length > 0 || match.tags.length > 0 || match.columns)) continue
    if (match && !matchesEntity(match, subject)) continue
    found.push([key, { state: { phase: 'inactive', seenMs: seen[rule.metric] as number } }])
  }
  return found
}
