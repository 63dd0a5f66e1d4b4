/**
 * Table of conditions: rules that a value meets, or met until just now, as decided by alerting and the consumer of groups. Only
 * they know pending ones. A firing alert is also a row of `firing-alerts`, once and with its acknowledgement; here every
 * partition has the alert of the clock.
 */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { FiredAlert } from '../alerting/alert.ts'
import type { AlertingState } from '../alerting/entity-state.ts'
import { identityOfPatternKey } from '../alerting/patterns/pattern.ts'
import { type PatternState, type PatternStates, phaseOfPattern } from '../alerting/patterns/state.ts'
import { identityOfKey } from '../alerting/rules-in-force.ts'
import {
  byText,
  rowsOfEntity,
  type StoredState,
  storedStates,
  type Table,
  type TableColumn,
  type TopicSize,
} from './table.ts'

/** A rule that a value of an entity or a group is beyond, or was until just now. */
export interface ActiveAlert {
  readonly partition: number
  /** `source`, a space, `subject`. */
  readonly entity: string
  /** The rule's identity and what it looks at, as in `HIGH_TEMP environment.temperature`. */
  readonly rule: string
  /** Name and labels of the rule. */
  readonly identity: string
  /** Fires because the entity is silent, beside the alert of the rule itself. */
  readonly isOfSilence: boolean
  /** `pending`: not for long enough yet, nothing published. `recovering`: still firing, although the value has cleared. */
  readonly phase: 'pending' | 'firing' | 'recovering'
  /** Start of the condition, RFC 3339. */
  readonly activeAt: string
  /** Alert that was published when it fired; null while it is pending. */
  readonly alert: FiredAlert | null
}

/** The columns of a condition that is pending. */
export const PENDING_COLUMNS: readonly TableColumn<Pick<ActiveAlert, 'rule' | 'entity' | 'activeAt'>>[] = [
  { name: 'rule', least: 10, value: ({ rule }) => rule },
  { name: 'entity', type: 'entity', least: 12, value: ({ entity }) => entity },
  { name: 'activeAt', heading: 'SINCE', leaveOut: 1, value: ({ activeAt }) => activeAt },
]

const OF_ENTITIES: Table<AlertingState, ActiveAlert> = {
  process: { name: 'alerting' },
  rows: activeIn,
  order: byRule,
}

const OF_GROUPS: Table<PatternStates, ActiveAlert> = {
  process: { name: 'patterns' },
  rows: activePatterns,
  order: byRule,
}

export interface Conditions {
  /** Conditions in the order of entity and rule. */
  readonly active: readonly ActiveAlert[]
  /** How many entities alerting remembers. */
  readonly entities: number
  /** Number of entities that have reported each metric. */
  readonly reporting: ReadonlyMap<string, number>
}

/**
 * The conditions of all entities and groups. It reads the state of every entity, page by page.
 *
 * @param readings the topic that alerting reads
 * @param groups the topic of the events of groups
 * @throws Unavailable if Redis does not answer
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
    for (const metric of Object.keys(seen)) reporting.set(metric, (reporting.get(metric) ?? 0) + 1)
    if (lastTickMs === undefined) entities += 1
    active.push(...activeIn(stored))
  }
  for await (const stored of storedStates(inspection, OF_GROUPS, groups))
    active.push(...activePatterns(stored))
  return { active: eachOnce(active).sort(byRule), entities, reporting }
}

/**
 * The conditions of one entity or group, by rule. It reads one field in each partition, whatever the keys of the readings are.
 *
 * @param entity its whole name: `source`, a space, `subject`
 * @throws Unavailable if Redis does not answer
 */
export async function activeAlertsOf(
  inspection: Pick<StateInspection, 'state'>,
  readings: TopicSize,
  groups: TopicSize,
  entity: string,
): Promise<ActiveAlert[]> {
  const found = await Promise.all([
    rowsOfEntity(inspection, OF_ENTITIES, readings, entity),
    rowsOfEntity(inspection, OF_GROUPS, groups, entity),
  ])
  return eachOnce(found.flat()).sort(byRule)
}

/** The alert that the pipeline is down is in every partition, as one alert of the clock. */
function eachOnce(active: readonly ActiveAlert[]): ActiveAlert[] {
  const known = new Set<string>()
  return active.filter(({ entity, rule, alert }) => {
    if (alert === null) return true
    const name = `${entity} ${rule} ${alert.alertId}`
    const isNew = !known.has(name)
    known.add(name)
    return isNew
  })
}

/** The conditions of one entity, as alerting has stored them. Pure. */
function activeIn(stored: StoredState<AlertingState>): ActiveAlert[] {
  const { partition, entity, state } = stored
  const ofRules = Object.entries(state.rules).flatMap(([rule, { state, alert = null, noData }]) => {
    const of = { partition, entity, identity: identityOfKey(rule) }
    // The alert that an entity is silent is beside that of its rule.
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
  return [...activePatterns({ ...stored, state: state.patterns }), ...ofRules]
}

/** The rules over several events of an entity, as alerting has them, or of a group, as the consumer of groups does. Pure. */
function activePatterns({
  partition,
  entity,
  state: states,
}: StoredState<PatternStates | undefined>): ActiveAlert[] {
  return Object.entries(states?.tracked ?? {}).flatMap(([key, { state, alert = null }]) => {
    const phase = phaseOfPattern(state)
    if (phase === 'inactive') return []
    const identity = identityOfPatternKey(key)
    const of = { partition, entity, identity, rule: `${identity} pattern`, isOfSilence: false }
    return [{ ...of, phase, activeAt: instant(sinceMs(state)), alert }]
  })
}

/** Returns the time of firing, or of the first event of a pattern that is under way. */
function sinceMs({ firing, counted = [], reached = [], waiting }: PatternState): number {
  if (firing) return firing.activeAtMs
  const times = [...counted, ...reached.filter(atMs => atMs !== null), ...(waiting ? [waiting.sinceMs] : [])]
  return Math.min(...times)
}

function byRule(a: ActiveAlert, b: ActiveAlert): number {
  return byText(a.entity, b.entity) || byText(a.rule, b.rule)
}
