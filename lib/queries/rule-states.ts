/** Reads the state of alert rules: the active rules, and the entities for which each is pending or firing. */

import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { NO_DATA } from '../alerting/alert.ts'
import type { AlertingState } from '../alerting/entity-state.ts'
import type { AnyRule } from '../alerting/patterns/pattern.ts'
import type { PatternStates } from '../alerting/patterns/state.ts'
import { rulesIn } from '../alerting/rule-set.ts'
import { identityOfKey } from '../alerting/rules-in-force.ts'
import { type ActiveAlert, activeIn, activePatterns, eachOnce } from '../tables/conditions.ts'
import { partitionsOf, storedEntities, type TopicSize } from '../tables/table.ts'

/** Rules that the log has activated for alerting. */
export interface ActivatedRules {
  /** Hash of the rule set that most partitions have. */
  readonly hash: string
  readonly rules: readonly AnyRule[]
  /**
   * Number of partitions with this rule set. `partitions` is the number of all partitions; the others have
   * not yet processed the event that activates it.
   */
  readonly having: number
  readonly partitions: number
}

/** Rule that is pending, firing or recovering for an entity or a group. */
export interface RuleOn extends ActiveAlert {
  /** Identity of the rule: its name and labels. */
  readonly identity: string
  /** True for a `NoData` alert, which is separate from the alert of the rule itself. */
  readonly isOfSilence: boolean
}

export interface RuleStates {
  /** Pending, firing and recovering rules, newest first. */
  readonly on: readonly RuleOn[]
  /** Number of entities in the state of alerting. */
  readonly entities: number
  /** Number of entities that have reported each metric. */
  readonly reporting: ReadonlyMap<string, number>
}

const ALERTING = 'alerting'
const PATTERNS = 'patterns'

/**
 * Returns the active rules in the state of alerting. Undefined if the log has not activated any yet; alerting
 * then uses the rules that it was deployed with.
 *
 * @param readings topic that alerting reads
 * @throws Unavailable if Redis does not answer
 */
export async function activatedRules(
  inspection: Pick<StateInspection, 'context'>,
  readings: TopicSize,
): Promise<ActivatedRules | undefined> {
  const keys = partitionsOf(ALERTING, readings)
  const contexts = await Promise.all(keys.map(key => inspection.context(key)))
  const byHash = Map.groupBy(
    contexts.filter(one => one !== undefined),
    ({ hash }) => hash,
  )
  const [most] = [...byHash.values()].sort((a, b) => b.length - a.length)
  if (!most?.[0]) return undefined
  const data = JSON.parse(most[0].json) as { readonly hash?: string }
  const read = rulesIn(data)
  if ('error' in read) return undefined
  return { hash: String(data.hash), rules: read.rules, having: most.length, partitions: keys.length }
}

/**
 * Reads the states of every entity and group in alerting, in pages.
 *
 * @param readings topic that alerting reads
 * @param groups topic with the events of groups
 * @throws Unavailable if Redis does not answer
 */
export async function ruleStates(
  inspection: Pick<StateInspection, 'states'>,
  readings: TopicSize,
  groups: TopicSize,
): Promise<RuleStates> {
  const on: RuleOn[] = []
  const reporting = new Map<string, number>()
  let entities = 0
  for (const key of partitionsOf(ALERTING, readings))
    for await (const { partition, entity, state } of storedEntities(inspection, key, '')) {
      const known = state as AlertingState
      const metrics = Object.keys(known.seen)
      for (const metric of metrics) reporting.set(metric, (reporting.get(metric) ?? 0) + 1)
      if (known.lastTickMs === undefined) entities += 1
      on.push(...activeIn({ partition, entity, state: known }).map(named))
    }
  for (const key of partitionsOf(PATTERNS, groups))
    for await (const { partition, entity, state } of storedEntities(inspection, key, ''))
      on.push(...activePatterns({ partition, entity, state: state as PatternStates }).map(named))
  return { on: eachOnce(on).sort(byTime), entities, reporting }
}

const PATTERN = ' pattern'

function named(active: ActiveAlert): RuleOn {
  const { rule, alert } = active
  const isOfSilence = alert?.rule === NO_DATA && rule.startsWith(`${NO_DATA} `)
  const key = isOfSilence ? rule.slice(NO_DATA.length + 1) : rule
  const identity = key.endsWith(PATTERN) ? key.slice(0, -PATTERN.length) : identityOfKey(key)
  return { ...active, identity, isOfSilence }
}

function byTime(a: ActiveAlert, b: ActiveAlert): number {
  return Date.parse(b.activeAt) - Date.parse(a.activeAt)
}
