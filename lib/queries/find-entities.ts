/** Searches for entities of a consumer. Limits protect Redis, because any user of the console can start a search. */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { entitiesIn, preferExact } from '../tables/table.ts'
import { textFilter } from '../text-match.ts'
import { byPlace, type EntityState, entityState } from './entities.ts'

/** Result of a search for entities. */
export interface FoundEntities {
  readonly entities: readonly EntityState[]
  /** Number of entities that were examined. */
  readonly looked: number
  /** True if all entities were examined; false if a limit ended the search. */
  readonly isWhole: boolean
}

export interface EntityLimits {
  /** Maximum number of results. `looked` is the maximum number of entities to examine. */
  readonly found: number
  readonly looked: number
  /** Signal that ends the search early. */
  readonly signal: AbortSignal
}

/**
 * Returns the states of matching entities within limits. The full name of an entity is looked up directly, without a search.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function findEntities(
  inspection: Pick<StateInspection, 'entity' | 'states' | 'summary' | 'timersOf'>,
  partitions: readonly StateKey[],
  wanted: string,
  { found, looked: mostLooked, signal }: EntityLimits,
): Promise<FoundEntities> {
  const named = await namedEntities(inspection, partitions, wanted)
  if (named.length > 0) return { entities: named, looked: named.length, isWhole: true }
  const entities: EntityState[] = []
  const isWanted = textFilter(wanted)
  let looked = 0
  for (const one of partitions) {
    const { clock } = await inspection.summary(one)
    for await (const stored of entitiesIn(inspection, one)) {
      if (looked >= mostLooked || entities.length >= found || signal.aborted)
        return { entities: entities.sort(byPlace), looked, isWhole: false }
      looked += 1
      if (isWanted(stored.entity)) entities.push(await entityState(inspection, one, stored, clock.nowMs))
    }
  }
  return { entities: preferExact(entities.sort(byPlace), wanted), looked, isWhole: true }
}

/**
 * Returns the states of an entity by its full name. All partitions are queried, because the partition depends on the record key.
 */
async function namedEntities(
  inspection: Pick<StateInspection, 'entity' | 'summary' | 'timersOf'>,
  partitions: readonly StateKey[],
  entity: string,
): Promise<EntityState[]> {
  const asked = partitions.map(async one => {
    const stored = await inspection.entity(one, entity)
    if (!stored) return []
    const { clock } = await inspection.summary(one)
    return [await entityState(inspection, one, { partition: one.partition, entity, ...stored }, clock.nowMs)]
  })
  return (await Promise.all(asked)).flat()
}
