/** Finds entities by their names in the stored states of consumers. */
import type { StateReader } from '../../packages/runtime/adapters/redis/state-reader.ts'
import { isHolderName } from '../../packages/runtime/pipeline/deciding/hold.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'

/**
 * Returns the entities whose names match, each with its partitions, from the states of all given consumers.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function entitiesMatching(
  reader: Pick<StateReader, 'states'>,
  stateKeys: readonly StateKey[],
  fits: (entity: string) => boolean,
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const found = new Map<number, Set<string>>()
  for (const stateKey of stateKeys)
    for await (const [entity] of reader.states(stateKey)) {
      if (isHolderName(entity) || !fits(entity)) continue
      const own = found.get(stateKey.partition) ?? new Set()
      found.set(stateKey.partition, own.add(entity))
    }
  return found
}
