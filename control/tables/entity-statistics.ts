/** Table of entities, with the statistics that the processor maintains. */
import type { StateInspection } from '#runtime/operating/states'
import type { EntityStates, ShownState } from '../../lib/analytics/entity-states.ts'
import {
  countReadings,
  findLatest,
  type MetricStatistics,
  summarizeMetrics,
} from '../../lib/analytics/metric-statistics.ts'
import { MINUTES, openMinute } from '../../lib/analytics/minutes.ts'
import {
  type EntityStatistics,
  type EntitySummary,
  type MinuteSummary,
  STATISTICS,
  summarise,
} from '../../lib/analytics/processor.ts'
import { getLastReadingMs, listOpenSpans, type StateSpan } from '../../lib/analytics/state-times.ts'
import { type Families, type Family, findMetricKind, type MetricKind } from '../../lib/telemetry/index.ts'
import { byText, readEntityRows, type Table, type TopicSize } from './table.ts'

export interface ListedEntity {
  /** Source and subject of the entity, separated by a space. */
  readonly entity: string
  /** Partition of the readings topic. */
  readonly partition: number
  readonly family: string
  /** Statistics since the first reading, by metric. */
  readonly metrics: MetricStatistics
  readonly states: EntityStates
  /** Number of readings, counted from the first reading of the entity. */
  readonly readings: number
  /** Event time of the newest reading, in milliseconds since the epoch. */
  readonly lastAtMs: number
  /** Statistics of the minute of event time that is still open; null without metrics. */
  readonly open: { readonly startMs: number; readonly metrics: MetricStatistics } | null
}

export const ENTITIES: Table<EntityStatistics, ListedEntity> = {
  process: { name: STATISTICS },
  rows: ({ partition, entity, state }) => {
    const { family, metrics, minutes, states = {} } = state
    const minute = minutes && openMinute(minutes)
    const open = minute ? { startMs: MINUTES.getBounds(minute).startMs, metrics: minute[1] } : null
    const lastAtMs = Math.max(findLatest(metrics), ...Object.values(states).map(getLastReadingMs))
    const readings = Math.max(countReadings(metrics), ...Object.values(states).map(({ count }) => count))
    return [{ entity, partition, family, metrics, states, readings, lastAtMs, open }]
  },
  order: (a, b) => byText(a.entity, b.entity),
}

/** Statistics of one entity in the form that is shown to users, including the minute that is still open. */
export interface FoundStatistics extends Omit<ListedEntity, 'metrics' | 'states' | 'open'>, EntitySummary {
  /** The minute that is still open, as it will be published; null without metrics. */
  readonly open: (Pick<NonNullable<ListedEntity['open']>, 'startMs'> & Pick<MinuteSummary, 'metrics'>) | null
  /** Stretches in which a value held, since the start of the minute of each state that is still open. */
  readonly openSpans: Readonly<Record<string, readonly StateSpan[]>>
}

/**
 * Returns the statistics of one entity. Searches all partitions. Returns undefined if the processor has not counted a reading of
 * the entity.
 *
 * @param entity source and subject, separated by a space
 * @throws Unavailable if Redis does not respond
 */
export async function entityStatistics(
  inspection: Pick<StateInspection, 'state'>,
  readings: TopicSize,
  entity: string,
  nowMs: number,
): Promise<FoundStatistics | undefined> {
  const [found] = await readEntityRows(inspection, ENTITIES, readings, entity)
  if (!found) return undefined
  const open = found.open && { ...found.open, metrics: summarizeMetrics(found.open.metrics) }
  const openSpans = Object.fromEntries(
    Object.entries(found.states).map(([state, times]) => [state, listOpenSpans(times)]),
  )
  return { ...found, ...summarise(found, nowMs), open, openSpans }
}

/** Maximum number of metrics of an entity that are shown at once. A family can have hundreds of them. */
export const MAX_LISTED_METRICS = 12

export interface ShownMetric {
  readonly name: string
  /** Unit of the metric; `1` for counts, and empty for metrics without a unit. */
  readonly unit: string
  /** What the metric is. */
  readonly is: MetricKind
}

/**
 * Returns the metrics of a family in the order of their declaration, followed by the other metrics that entities have reported.
 *
 * @param reported statistics of the entities
 */
export function listMetrics(
  families: Families,
  family: string,
  reported: readonly Readonly<Record<string, unknown>>[],
): ShownMetric[] {
  const { metrics: declared = {}, kinds = {} }: Partial<Family> = families.byName[family] ?? {}
  const others = new Set(reported.flatMap(metrics => Object.keys(metrics)))
  return [...new Set([...Object.keys(declared), ...[...others].sort()])].map(name => ({
    name,
    unit: Object.hasOwn(declared, name) ? (declared[name] as string) : '',
    is: findMetricKind({ kinds }, name),
  }))
}

export interface NamedState extends ShownState {
  readonly name: string
  /** Values that the family lists; empty if any text is a value. */
  readonly values: readonly string[]
}

/** Returns the states of an entity in the order of their declaration, followed by those that its family no longer declares. */
export function listStates(
  families: Families,
  { family, states }: Pick<EntitySummary, 'family' | 'states'>,
): NamedState[] {
  const { states: declared = {} }: Partial<Family> = families.byName[family] ?? {}
  return [...new Set([...Object.keys(declared), ...Object.keys(states)])].flatMap(name => {
    const state = Object.hasOwn(states, name) ? states[name] : undefined
    return state ? [{ name, values: declared[name] ?? [], ...state }] : []
  })
}
