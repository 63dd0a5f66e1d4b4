/** Reads the progress of consumers in the partitions of records. */
import type { StateInspection } from '../../../packages/runtime/adapters/redis/inspection.ts'
import type { Position, ReadingFunction, RecordPosition } from './model.ts'

/**
 * Returns the progress of each function in the partitions of these positions.
 *
 * @throws Unavailable if Redis does not answer
 */
export function positionsAt(
  places: readonly RecordPosition[],
  functions: readonly ReadingFunction[],
  inspection: Pick<StateInspection, 'summary'>,
): Promise<readonly Position[]> {
  const wanted = new Map(
    places.flatMap(({ topic, partition }) =>
      functions
        .filter(({ consumes }) => consumes.includes(topic))
        .map(({ name }) => [`${name} ${topic}/${partition}`, { consumer: name, topic, partition }] as const),
    ),
  )
  return Promise.all(
    [...wanted.values()].map(async stateKey => {
      const { appliedOffset } = await inspection.summary(stateKey)
      return { ...stateKey, appliedOffset }
    }),
  )
}
