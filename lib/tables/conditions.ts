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
import {
  byText,
  readTable,
  rowsOfEntity,
  type StoredState,
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
  /** `pending`: not for long enough yet, nothing published. `recovering`: still firing, although the value has cleared. */
  readonly phase: 'pending' | 'firing' | 'recovering'
  /** Start of the condition, RFC 3339. */
  readonly activeAt: string
  /** Alert that was published when it fired; null while it is pending. */
  readonly alert: FiredAlert | null
}

/** The columns of a condition that is pending. */
export const PENDING_COLUMNS: readonly TableColumn<Pick<ActiveAlert, 'rule' | 'entity' | 'activeAt'>>[] = [
  {
    name: 'rule',
    type: 'name',
    words: 'The rule and what it looks at',
    least: 10,
    value: ({ rule }) => rule,
  },
  {
    name: 'entity',
    type: 'entity',
    words: 'Watched entity or group',
    least: 12,
    value: ({ entity }) => entity,
  },
  {
    name: 'activeAt',
    heading: 'SINCE',
    type: 'time',
    words: 'Time since which the condition holds',
    leaveOut: 1,
    value: ({ activeAt }) => activeAt,
  },
]

const DECLARED: Pick<Table<never, ActiveAlert>, 'key' | 'order' | 'columns'> = {
  key: ({ entity, rule, alert }) => `${entity} ${rule} ${alert?.alertId ?? ''}`,
  order: (a, b) => byText(a.entity, b.entity) || byText(a.rule, b.rule),
  columns: [
    ...PENDING_COLUMNS,
    { name: 'phase', type: 'name', words: 'Pending, firing or recovering', value: ({ phase }) => phase },
  ],
}

const OF_ENTITIES: Table<AlertingState, ActiveAlert> = {
  ...DECLARED,
  name: 'conditions',
  about: 'Rules that a value of an entity is beyond, or was until just now',
  process: { name: 'alerting' },
  rows: activeIn,
}

const OF_GROUPS: Table<PatternStates, ActiveAlert> = {
  ...DECLARED,
  name: 'group-conditions',
  about: 'Rules over several events of a group that are under way, firing or recovering',
  process: { name: 'patterns' },
  rows: activePatterns,
}

/**
 * The conditions of all entities and groups. It reads the state of every entity.
 *
 * @param readings the topic that alerting reads
 * @param groups the topic of the events of groups
 * @throws Unavailable if Redis does not answer
 */
export async function activeAlerts(
  inspection: Pick<StateInspection, 'states'>,
  readings: TopicSize,
  groups: TopicSize,
): Promise<ActiveAlert[]> {
  const ofGroups = await readTable(inspection, OF_GROUPS, groups)
  const ofEntities = await readTable(inspection, OF_ENTITIES, readings)
  return eachOnce([...ofGroups.rows, ...ofEntities.rows]).sort(DECLARED.order)
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
  return eachOnce(found.flat()).sort(DECLARED.order)
}

/** The alert that the pipeline is down is in every partition, as one alert of the clock. */
export function eachOnce<Active extends ActiveAlert>(active: readonly Active[]): Active[] {
  const known = new Set<string>()
  return active.filter(one => {
    if (one.alert === null) return true
    const name = DECLARED.key(one)
    const isNew = !known.has(name)
    known.add(name)
    return isNew
  })
}

/** The conditions of one entity, as alerting has stored them. Pure. */
export function activeIn(stored: StoredState<AlertingState>): ActiveAlert[] {
  const { partition, entity, state } = stored
  const ofRules = Object.entries(state.rules).flatMap(([rule, { state, alert = null, noData }]) => {
    const silent = noData ? [missing(partition, entity, rule, noData)] : []
    if (state.phase === 'inactive') return silent
    const { phase, activeAtMs } = state
    return [...silent, { partition, entity, rule, phase, activeAt: instant(activeAtMs), alert }]
  })
  return [...activePatterns({ ...stored, state: state.patterns }), ...ofRules]
}

/** The rules over several events of an entity, as alerting has them, or of a group, as the consumer of groups does. Pure. */
export function activePatterns({
  partition,
  entity,
  state: states,
}: StoredState<PatternStates | undefined>): ActiveAlert[] {
  return Object.entries(states?.tracked ?? {}).flatMap(([key, { state, alert }]) => {
    const phase = phaseOfPattern(state)
    if (phase === 'inactive') return []
    const rule = `${identityOfPatternKey(key)} pattern`
    return [{ partition, entity, rule, phase, activeAt: instant(sinceMs(state)), alert: alert ?? null }]
  })
}

/** Returns the time of firing, or of the first event of a pattern that is under way. */
function sinceMs({ firing, counted = [], reached = [], waiting }: PatternState): number {
  if (firing) return firing.activeAtMs
  const times = [...counted, ...reached.filter(atMs => atMs !== null), ...(waiting ? [waiting.sinceMs] : [])]
  return Math.min(...times)
}

/** The alert that an entity is silent is beside that of its rule. */
function missing(partition: number, entity: string, rule: string, alert: FiredAlert): ActiveAlert {
  return {
    partition,
    entity,
    rule: `${alert.rule} ${rule}`,
    phase: 'firing',
    activeAt: alert.activeAt,
    alert,
  }
}
