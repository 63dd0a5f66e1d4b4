/** The statistics that the processor keeps of each entity and metric. */

import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { latestIn, readingsIn } from '../analytics/metrics.ts'
import {
  type EntityStatistics,
  type EntitySummary,
  statistics as processor,
  summarise,
} from '../analytics/process.ts'
import type { Window } from '../analytics/windows.ts'
import { preferExact, storedEntities } from './entities.ts'
import { type Outcomes, outcomesOf } from './outcomes.ts'
import { partitionsOf, type TopicSize } from './partition-states.ts'

export interface EntityReport extends EntitySummary {
  /** `source`, a space, `subject`. */
  readonly entity: string
  readonly partition: number
}

export interface Statistics {
  /** By name. */
  readonly entities: readonly EntityReport[]
  /** Of all entities, whichever were requested. */
  readonly totals: Outcomes
}

/**
 * Statistics of entities, and how the processor's records ended.
 *
 * @param readings the topic that the processor reads
 * @param wanted a whole subject, or a part of source and subject; all entities where it is undefined
 * @throws Unavailable if Redis does not answer
 */
export async function statisticsOf(
  inspection: Pick<StateInspection, 'states' | 'summary'>,
  readings: TopicSize,
  wanted?: string,
): Promise<Statistics> {
  const partitions = partitionsOf(processor.name, readings)
  const [found, totals] = await Promise.all([
    Promise.all(partitions.map(partition => reportsIn(inspection, partition, wanted ?? ''))),
    outcomesOf(inspection, partitions),
  ])
  const entities = preferExact(found.flat(), wanted)
  return { entities: entities.sort((a, b) => (a.entity < b.entity ? -1 : 1)), totals }
}

/** The statistics of one entity, where they are, and the minute that is not over yet. */
export interface FoundStatistics extends EntitySummary {
  /** Of the readings topic. */
  readonly partition: number
  /** Since its first reading. */
  readonly readings: number
  /** Event time of the newest reading, milliseconds since the epoch. */
  readonly lastAtMs: number
  readonly open: Window
}

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
  const partitions = partitionsOf(processor.name, readings)
  const states = await Promise.all(partitions.map(partition => inspection.state(partition, entity)))
  const partition = states.findIndex(found => found !== undefined)
  if (partition < 0) return undefined
  const state = states[partition] as EntityStatistics
  const { metrics, windows } = state
  return {
    ...summarise(state),
    partition,
    readings: readingsIn(metrics),
    lastAtMs: latestIn(metrics),
    open: windows.open,
  }
}

/**
 * How the processor's records ended.
 *
 * @throws Unavailable if Redis does not answer
 */
export function processorOutcomes(
  inspection: Pick<StateInspection, 'summary'>,
  readings: TopicSize,
): Promise<Outcomes> {
  return outcomesOf(inspection, partitionsOf(processor.name, readings))
}

async function reportsIn(
  inspection: Pick<StateInspection, 'states'>,
  partitionState: StateKey,
  text: string,
): Promise<EntityReport[]> {
  const reports: EntityReport[] = []
  for await (const { entity, partition, state } of storedEntities(inspection, partitionState, text))
    reports.push({ entity, partition, ...summarise(state as EntityStatistics) })
  return reports
}
