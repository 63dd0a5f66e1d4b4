/** Looks for entities that a consumer remembers, within limits: for a page that anybody may open. */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { entitiesIn, preferExact } from '../tables/table.ts'
import { byPlace, type EntityState, entityState } from './entities.ts'

/** Result of a search for entities. */
export interface FoundEntities {
  readonly entities: readonly EntityState[]
  /** How many were looked at. */
  readonly looked: number
  /** False where the search ended before it had looked at all. */
  readonly isWhole: boolean
}

export interface EntityLimits {
  /** How many are found at most, and how many looked at. */
  readonly found: number
  readonly looked: number
  /** Ends the search. */
  readonly signal: AbortSignal
}

/**
 * Returns states as `entityStates` does, within limits. The whole name of an entity is looked up, which takes no time.
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
  let looked = 0
  for (const one of partitions) {
    const { clock } = await inspection.summary(one)
    for await (const stored of entitiesIn(inspection, one, '')) {
      if (looked >= mostLooked || entities.length >= found || signal.aborted)
        return { entities: entities.sort(byPlace), looked, isWhole: false }
      looked += 1
      if (stored.entity.includes(wanted))
        entities.push(await entityState(inspection, one, stored, clock.nowMs))
    }
  }
  return { entities: preferExact(entities.sort(byPlace), wanted), looked, isWhole: true }
}

/** The partition of an entity depends on its key, so each is asked. */
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
