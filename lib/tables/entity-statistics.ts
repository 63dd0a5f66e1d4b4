/** Table of entities, with the statistics that the processor maintains. */
import type { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { countReadings, findLatest, type MetricStatistics } from '../analytics/metric-statistics.ts'
import { MINUTES, openMinute } from '../analytics/minutes.ts'
import { type EntityStatistics, type EntitySummary, STATISTICS, summarise } from '../analytics/processor.ts'
import type { StatisticsSummary } from '../analytics/statistics.ts'
import { hasSymbol } from '../support/short-number.ts'
import type { Families } from '../telemetry/families.ts'
import { byText, readEntityRows, type Table, type TableColumn, type TopicSize } from './table.ts'

export interface ListedEntity {
  /** Source and subject of the entity, separated by a space. */
  readonly entity: string
  /** Partition of the readings topic. */
  readonly partition: number
  readonly family: string
  /** Statistics since the first reading, by metric. */
  readonly metrics: MetricStatistics
  /** Number of readings, counted from the first reading of the entity. */
  readonly readings: number
  /** Event time of the newest reading, in milliseconds since the epoch. */
  readonly lastAtMs: number
  /** Statistics of the minute of event time that is still open. */
  readonly open: { readonly startMs: number; readonly metrics: MetricStatistics }
}

export const ENTITIES: Table<EntityStatistics, ListedEntity> = {
  process: { name: STATISTICS },
  rows: ({ partition, entity, state }) => {
    const { family, metrics } = state
    const minute = openMinute(state.minutes)
    const open = { startMs: MINUTES.getBounds(minute).startMs, metrics: minute[1] }
    const [readings, lastAtMs] = [countReadings(metrics), findLatest(metrics)]
    return [{ entity, partition, family, metrics, readings, lastAtMs, open }]
  },
  order: (a, b) => byText(a.entity, b.entity),
}

/** Statistics of an entity, in the form that is shown to users. */
export interface EntityReport extends EntitySummary {
  readonly entity: string
  readonly partition: number
}

export function entityReport({ entity, partition, ...state }: ListedEntity): EntityReport {
  return { entity, partition, ...summarise(state) }
}

/** Statistics of one entity, including the minute that is still open. */
export type FoundStatistics = EntityReport & Pick<ListedEntity, 'readings' | 'lastAtMs' | 'open'>

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
): Promise<FoundStatistics | undefined> {
  const [found] = await readEntityRows(inspection, ENTITIES, readings, entity)
  if (!found) return undefined
  const { readings: count, lastAtMs, open } = found
  return { ...entityReport(found), readings: count, lastAtMs, open }
}

/** Statistics of one metric of an entity. */
export interface MetricRow extends StatisticsSummary {
  readonly entity: string
  readonly family: string
  readonly metric: string
  /** Symbol of the unit; empty without one. */
  readonly unit: string
}

export function metricRows(families: Families, { entity, family, metrics }: EntityReport): MetricRow[] {
  return Object.entries(metrics).map(([metric, summary]) => {
    const unit = families.byName[family]?.metrics[metric]
    return { entity, family, metric, unit: hasSymbol(unit) ? unit : '', ...summary }
  })
}

export const METRIC_COLUMNS: readonly TableColumn<MetricRow>[] = [
  { name: 'entity', type: 'entity', least: 14, value: row => row.entity },
  { name: 'metric', least: 8, value: row => row.metric },
  { name: 'count', type: 'count', value: row => row.count },
  { name: 'mean', type: 'number', value: row => row.mean },
  {
    name: 'standardDeviation',
    heading: 'STD DEV',
    type: 'number',
    leaveOut: 2,
    value: row => row.standardDeviation,
  },
  { name: 'minimum', heading: 'MIN', type: 'number', leaveOut: 3, value: row => row.minimum },
  { name: 'maximum', heading: 'MAX', type: 'number', leaveOut: 4, value: row => row.maximum },
  { name: 'last', type: 'number', value: row => row.last },
  { name: 'unit', value: row => row.unit },
  { name: 'lastAt', type: 'time', heading: 'LAST AT', leaveOut: 1, value: row => row.lastAt },
]
