/** The entities that the processor knows, each with its statistics, for lists and averages. */

import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { latestIn, type MetricStatistics, readingsIn } from '../analytics/metrics.ts'
import { type EntityStatistics, statistics as processor } from '../analytics/process.ts'
import type { Window } from '../analytics/windows.ts'
import type { FamilyName } from '../telemetry/families.ts'
import { storedEntities } from './entities.ts'
import { partitionsOf, type TopicSize } from './partition-states.ts'

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
}

export interface EntityList {
  /** In no order. */
  readonly entities: readonly ListedEntity[]
  /** False if there are more than were asked for. */
  readonly isWhole: boolean
}

/**
 * All entities, up to a limit.
 *
 * @param readings the topic that the processor reads
 * @param most upper bound for the number of entities
 * @throws Unavailable if Redis does not answer
 */
export async function listedEntities(
  inspection: Pick<StateInspection, 'states'>,
  readings: TopicSize,
  most: number,
): Promise<EntityList> {
  const entities: ListedEntity[] = []
  // One partition at a time: an answer of Redis must not wait for this process to take in those of all others.
  for (const partitionState of partitionsOf(processor.name, readings))
    for await (const { entity, partition, state } of storedEntities(inspection, partitionState, '')) {
      if (entities.length >= most) return { entities, isWhole: false }
      entities.push(listed(entity, partition, state as EntityStatistics))
    }
  return { entities, isWhole: true }
}

function listed(entity: string, partition: number, state: EntityStatistics): ListedEntity {
  const { family, metrics, windows } = state
  const { open, closed } = windows
  return {
    entity,
    partition,
    family,
    metrics,
    readings: readingsIn(metrics),
    lastAtMs: latestIn(metrics),
    minutes: [open, ...(closed ? [closed] : [])].map(minuteOf),
  }
}

function minuteOf({ startMs, metrics }: Window): ListedEntity['minutes'][number] {
  return { startMs, readings: readingsIn(metrics) }
}
