/** What devices are doing, and which sensors are silent, as the consumer of activities has it. */

import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { type Activity, activity } from '../activity/process.ts'
import { storedEntities } from './entities.ts'
import { partitionsOf, type TopicSize } from './partition-states.ts'

interface Doing {
  /** `source`, a space, `subject`. */
  readonly entity: string
  readonly activity: string
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
}

interface Silent {
  readonly entity: string
  /** Event time of its last reading, milliseconds since the epoch. */
  readonly lastMs: number
}

export interface ActivitiesNow {
  readonly entities: number
  readonly doing: readonly Doing[]
  readonly silent: readonly Silent[]
  /** False if there are more entities than were asked for. */
  readonly isWhole: boolean
}

/**
 * The activities of all entities, those that changed last first.
 *
 * @param readings the topic that the consumer reads
 * @param most upper bound for the number of entities that are looked at
 * @throws Unavailable if Redis does not answer
 */
export async function activitiesNow(
  inspection: Pick<StateInspection, 'states'>,
  readings: TopicSize,
  most: number,
): Promise<ActivitiesNow> {
  const doing: Doing[] = []
  const silent: Silent[] = []
  let entities = 0
  let isWhole = true
  // One partition at a time: an answer of Redis must not wait for this process to take in those of all others.
  for (const partitionState of partitionsOf(activity.name, readings)) {
    for await (const { entity, state } of storedEntities(inspection, partitionState, '')) {
      isWhole = entities < most
      if (!isWhole) break
      entities++
      const { doing: does, isSilent, lastMs } = state as Activity
      if (does) doing.push({ entity, ...does })
      if (isSilent) silent.push({ entity, lastMs })
    }
    if (!isWhole) break
  }
  doing.sort((a, b) => b.sinceMs - a.sinceMs)
  silent.sort((a, b) => b.lastMs - a.lastMs)
  return { entities, doing, silent, isWhole }
}

/**
 * What the consumer of activities remembers of one entity.
 *
 * @param partition of the readings topic
 * @throws Unavailable if Redis does not answer
 */
export async function activityOf(
  inspection: Pick<StateInspection, 'state'>,
  { topic }: Pick<TopicSize, 'topic'>,
  partition: number,
  entity: string,
): Promise<Activity | undefined> {
  return (await inspection.state({ consumer: activity.name, topic, partition }, entity)) as
    | Activity
    | undefined
}
