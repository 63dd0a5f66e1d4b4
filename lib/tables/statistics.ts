/** The table of entities: the statistics that the processor keeps of each. */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { latestIn, type MetricStatistics, readingsIn } from '../analytics/metrics.ts'
import { type EntityStatistics, type EntitySummary, statistics, summarise } from '../analytics/process.ts'
import type { Window } from '../analytics/windows.ts'
import type { FamilyName } from '../telemetry/families.ts'
import { byText, rowsOfEntity, type Table, type TopicSize } from './table.ts'

/** An entity that the processor knows. */
export interface ListedEntity {
  /** `source`, a space, `subject`. */
  readonly entity: string
  /** Of the readings topic. */
  readonly partition: number
  readonly family: FamilyName
  /** Since its first reading. */
  readonly metrics: MetricStatistics
  /** Since its first reading. */
  readonly readings: number
  /** Event time of the newest reading, milliseconds since the epoch. */
  readonly lastAtMs: number
  /** Readings of the open minute of event time, and of the one that was closed last. */
  readonly minutes: readonly { readonly startMs: number; readonly readings: number }[]
  /** The minute that is not over yet. */
  readonly open: Window
}

export const ENTITIES: Table<EntityStatistics, ListedEntity> = {
  name: 'entities',
  about: 'Every entity that has sent readings, with the statistics of its metrics since the first one',
  process: statistics,
  rows: ({ partition, entity, state }) => {
    const { family, metrics, windows } = state
    const { open, closed } = windows
    const minutes = [open, ...(closed ? [closed] : [])].map(one => {
      return { startMs: one.startMs, readings: readingsIn(one.metrics) }
    })
    const [readings, lastAtMs] = [readingsIn(metrics), latestIn(metrics)]
    return [{ entity, partition, family, metrics, readings, lastAtMs, minutes, open }]
  },
  key: ({ entity }) => entity,
  order: (a, b) => byText(a.entity, b.entity),
  columns: [
    { name: 'entity', type: 'entity', words: 'Source and subject', value: ({ entity }) => entity },
    { name: 'family', type: 'name', words: 'Family of its latest reading', value: ({ family }) => family },
    {
      name: 'partition',
      type: 'number',
      words: 'Partition of readings',
      value: ({ partition }) => partition,
    },
    {
      name: 'readings',
      type: 'number',
      words: 'Readings since the first',
      value: ({ readings }) => readings,
    },
    {
      name: 'lastAt',
      type: 'time',
      words: 'Event time of its newest reading',
      value: ({ lastAtMs }) => new Date(lastAtMs).toISOString(),
    },
  ],
}

/** The statistics of an entity, with names for people. */
export interface EntityReport extends EntitySummary {
  readonly entity: string
  readonly partition: number
}

export function entityReport({ entity, partition, ...state }: ListedEntity): EntityReport {
  return { entity, partition, ...summarise(state) }
}

/** The statistics of one entity, and the minute that is not over yet. */
export type FoundStatistics = EntityReport & Pick<ListedEntity, 'readings' | 'lastAtMs' | 'open'>

/**
 * The statistics of one entity, in whichever partition it is; undefined if the processor has counted nothing of it.
 *
 * @param entity `source`, a space, `subject`
 * @throws Unavailable if Redis does not answer
 */
export async function entityStatistics(
  inspection: Pick<StateInspection, 'state'>,
  readings: TopicSize,
  entity: string,
): Promise<FoundStatistics | undefined> {
  const [found] = await rowsOfEntity(inspection, ENTITIES, readings, entity)
  if (!found) return undefined
  const { readings: count, lastAtMs, open } = found
  return { ...entityReport(found), readings: count, lastAtMs, open }
}
