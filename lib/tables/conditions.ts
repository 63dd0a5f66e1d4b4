/**
 * Table of conditions: rules that are pending, firing or recovering, as stored by the consumers `alerting`
 * and `patterns`. Only these consumers know pending rules. A firing alert is also a row of the table
 * `firing-alerts`, once and with its acknowledgement; in this table, the alert of the clock occurs once per
 * partition.
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

/** Rule that is pending, firing or recovering for an entity or a group. */
export interface ActiveAlert {
  readonly partition: number
  /** Source and subject, separated by a space. */
  readonly entity: string
  /**
   * Identity of the rule, with the family and metric that it watches, such as `HIGH_TEMP
   * environment.temperature`.
   */
  readonly rule: string
  /**
   * `pending`: the condition has not held for long enough yet, and nothing was published. `recovering`: the
   * alert still fires, although the value has cleared.
   */
  readonly phase: 'pending' | 'firing' | 'recovering'
  /** Time since which the condition holds, RFC 3339. */
  readonly activeAt: string
  /** Alert that was published; null while the rule is pending. */
  readonly alert: FiredAlert | null
}

/** Columns of a pending condition. */
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
 * Returns the conditions of all entities and groups. Reads the state of every entity.
 *
 * @param readings topic that alerting reads
 * @param groups topic with the events of groups
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
 * Returns the conditions of one entity or group, by rule. Reads one field in each partition, regardless of
 * the keys of the readings.
 *
 * @param entity whole name of the entity: source and subject, separated by a space
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

/** Removes duplicates: every partition has the alert `PIPELINE_DOWN`, which is one alert of the clock. */
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

/** Returns the conditions in the stored alerting state of one entity. Pure. */
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

/**
 * Returns the rules over several events in the stored state of an entity (by alerting) or of a group (by
 * patterns). Pure.
 */
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

/** Returns the time of firing or, for a pattern that is pending, of its first event. */
function sinceMs({ firing, counted = [], reached = [], waiting }: PatternState): number {
  if (firing) return firing.activeAtMs
  const times = [...counted, ...reached.filter(atMs => atMs !== null), ...(waiting ? [waiting.sinceMs] : [])]
  return Math.min(...times)
}

/** Returns the row of a `NoData` alert, which is separate from the row of its rule. */
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
