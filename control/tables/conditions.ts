/**
 * Table of conditions: rules that are pending, firing or recovering, as stored by the consumers `alerting` and `patterns`. Pending
 * rules are stored only there. A firing alert is also in the table of firing alerts. In this table, the
 * alert of the clock occurs once per partition.
 */

import { instant, parseEntity } from '#runtime/consumer'
import type { StateInspection } from '#runtime/operating/states'
import { getPatternPhase, type PatternState, parseRuleIdentity } from '../../lib/alerting/evaluation.ts'
import {
  type AlertingHistory,
  type AlertingState,
  type FiredAlert,
  type PatternStates,
  parsePatternIdentity,
} from '../../lib/alerting/index.ts'
import { tableOfSource, tableSource } from '../../lib/views/index.ts'
import {
  byText,
  readEntityRows,
  type StoredState,
  storedStates,
  type Table,
  type TopicSize,
} from './table.ts'

/** Rule that is pending, firing or recovering for an entity or a group. */
export interface ActiveAlert {
  readonly partition: number
  /** Source and subject of the entity, separated by a space. */
  readonly entity: string
  /** Identity of the rule and the metric that it watches, such as `TOO_DRY greenhouse.airMoisture`. */
  readonly rule: string
  /** Name and labels of the rule. */
  readonly identity: string
  /** True for a `NoData` alert, which is listed separately from the alert of its rule. */
  readonly isOfSilence: boolean
  /**
   * Phase of the rule. `pending`: the condition has not held for long enough yet, and no alert has been published. `recovering`:
   * the alert is still firing, although the value has cleared.
   */
  readonly phase: 'pending' | 'firing' | 'recovering'
  /** Time since which the condition has held, RFC 3339. */
  readonly activeAt: string
  /** Alert that has been published; null while the rule is pending. */
  readonly alert: FiredAlert | null
}

const OF_ENTITIES: Table<AlertingState, ActiveAlert> = {
  process: { name: 'alerting' },
  rows: listActiveRules,
  order: byRule,
}

/** States that rules have stored about earlier readings of an entity. */
export const HISTORIES: Table<AlertingState, AlertingHistory> = {
  process: { name: 'alerting' },
  rows: ({ state: { history } }) => (history ? [history] : []),
  order: () => 0,
}

const OF_GROUPS: Table<PatternStates, ActiveAlert> = {
  process: { name: 'patterns' },
  rows: listActivePatterns,
  order: byRule,
}

export interface Conditions {
  /** Conditions, sorted by entity and rule. */
  readonly active: readonly ActiveAlert[]
  /** Number of entities for which alerting has stored a state. */
  readonly entities: number
  /** Number of entities that have reported each metric, by metric. The source of a table precedes its columns. */
  readonly reporting: ReadonlyMap<string, number>
}

/**
 * Returns the conditions of all entities and groups. Reads the state of every entity, page by page.
 *
 * @param readings both topics that alerting reads, as one
 * @param groups topic with the events of groups
 * @throws Unavailable if Redis does not respond
 */
export async function conditionsNow(
  inspection: Pick<StateInspection, 'states'>,
  readings: TopicSize,
  groups: TopicSize,
): Promise<Conditions> {
  const active: ActiveAlert[] = []
  const reporting = new Map<string, number>()
  let entities = 0
  for await (const stored of storedStates(inspection, OF_ENTITIES, readings)) {
    const { seen, lastTickMs } = stored.state
    for (const metric of Object.keys(seen)) {
      const name = reportedName(tableOfSource(parseEntity(stored.entity).source), metric)
      reporting.set(name, (reporting.get(name) ?? 0) + 1)
    }
    if (lastTickMs === undefined) entities += 1
    active.push(...listActiveRules(stored))
  }
  for await (const stored of storedStates(inspection, OF_GROUPS, groups))
    active.push(...listActivePatterns(stored))
  return { active: removeDuplicates(active).sort(byRule), entities, reporting }
}

/**
 * Returns the conditions of one entity or group, sorted by rule. Reads one field in each partition, because the partition is not
 * known: the keys of readings may differ from the name of the entity.
 *
 * @param entity complete name of the entity: source and subject, separated by a space
 * @throws Unavailable if Redis does not respond
 */
export async function readActiveAlerts(
  inspection: Pick<StateInspection, 'state'>,
  readings: TopicSize,
  groups: TopicSize,
  entity: string,
): Promise<ActiveAlert[]> {
  const found = await Promise.all([
    readEntityRows(inspection, OF_ENTITIES, readings, entity),
    readEntityRows(inspection, OF_GROUPS, groups, entity),
  ])
  return removeDuplicates(found.flat()).sort(byRule)
}

/** Returns the name by which `reporting` counts a metric, or a column of a table. */
export function reportedName(table: string | undefined, metric: string): string {
  return table === undefined ? metric : `${tableSource(table)}.${metric}`
}

/** Removes duplicates of the alert `PIPELINE_DOWN`. Every partition has stored it, but it is a single alert. */
function removeDuplicates(active: readonly ActiveAlert[]): ActiveAlert[] {
  const knownNames = new Set<string>()
  return active.filter(({ entity, rule, alert }) => {
    if (alert === null) return true
    const name = `${entity} ${rule} ${alert.alertId}`
    const isNew = !knownNames.has(name)
    knownNames.add(name)
    return isNew
  })
}

/** Returns the conditions in the stored alerting state of one entity. Pure. */
function listActiveRules(stored: StoredState<AlertingState>): ActiveAlert[] {
  const { partition, entity, state } = stored
  const ofRules = Object.entries(state.rules).flatMap(([rule, { state, alert = null, noData }]) => {
    const of = { partition, entity, identity: parseRuleIdentity(rule) }
    // The alert about the silence of the entity is listed separately from the alert of its rule.
    const silent: ActiveAlert[] = noData
      ? [
          {
            ...of,
            rule: `${noData.rule} ${rule}`,
            isOfSilence: true,
            phase: 'firing',
            activeAt: noData.activeAt,
            alert: noData,
          },
        ]
      : []
    if (state.phase === 'inactive') return silent
    const { phase, activeAtMs } = state
    return [...silent, { ...of, rule, isOfSilence: false, phase, activeAt: instant(activeAtMs), alert }]
  })
  return ofRules
}

/** Returns the patterns in the stored state of a group. Pure. */
function listActivePatterns({
  partition,
  entity,
  state: { tracked },
}: StoredState<PatternStates>): ActiveAlert[] {
  return Object.entries(tracked).flatMap(([key, { state, alert = null }]) => {
    const phase = getPatternPhase(state)
    if (phase === 'inactive') return []
    const identity = parsePatternIdentity(key)
    const of = { partition, entity, identity, rule: `${identity} pattern`, isOfSilence: false }
    return [{ ...of, phase, activeAt: instant(sinceMs(state)), alert }]
  })
}

/** Returns the time at which the pattern fired. If it is pending, returns the time of its first event. */
function sinceMs({ firing, counted = [], reached = [] }: PatternState): number {
  return firing?.activeAtMs ?? Math.min(...counted, ...reached.filter(atMs => atMs !== null))
}

function byRule(a: ActiveAlert, b: ActiveAlert): number {
  return byText(a.entity, b.entity) || byText(a.rule, b.rule)
}
