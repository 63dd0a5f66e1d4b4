/** Counts the entities of each producer in the stored states of a consumer. */
import type { StateReader } from '../../packages/runtime/adapters/redis/state-reader.ts'
import { partsOfEntity } from '../../packages/runtime/consumer/event.ts'
import { isHolderName } from '../../packages/runtime/pipeline/deciding/hold.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'

interface SourceCount {
  /** Source of the entities. Sources that are counted together are shown as their common prefix, followed by `*`. */
  readonly source: string
  readonly entities: number
  /** Total size of entity names and states in bytes, without Redis overhead. */
  readonly bytes: number
  /** Name of one of the counted entities. */
  readonly example: string
}

export interface EntitySources {
  readonly entities: number
  /** Sources with the most entities, limited to the requested number. */
  readonly sources: readonly SourceCount[]
}

/**
 * Counts the entities by source. The consumer can continue meanwhile, because the states are read in pages.
 *
 * @param by `prefix` counts sources together that differ only after their last "/"
 * @throws Unavailable if Redis does not answer
 */
export async function entitySources(
  reader: Pick<StateReader, 'states'>,
  stateKeys: readonly StateKey[],
  { by, most }: { readonly by: 'source' | 'prefix'; readonly most: number },
): Promise<EntitySources> {
  const counts = new Map<string, SourceCount>()
  let entities = 0
  for await (const { entity, stored } of namedStates(reader, stateKeys)) {
    const own = partsOfEntity(entity).source
    const source = by === 'source' ? own : `${own.slice(0, own.lastIndexOf('/') + 1)}*`
    const before = counts.get(source) ?? { source, entities: 0, bytes: 0, example: entity }
    const bytes = before.bytes + Buffer.byteLength(entity) + Buffer.byteLength(stored)
    counts.set(source, { ...before, entities: before.entities + 1, bytes })
    entities += 1
  }
  const sources = [...counts.values()].sort((a, b) => b.entities - a.entities).slice(0, most)
  return { entities, sources }
}

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
  for await (const { entity, partition } of namedStates(reader, stateKeys)) {
    if (!fits(entity)) continue
    const own = found.get(partition) ?? new Set()
    found.set(partition, own.add(entity))
  }
  return found
}

async function* namedStates(reader: Pick<StateReader, 'states'>, stateKeys: readonly StateKey[]) {
  for (const stateKey of stateKeys)
    for await (const [entity, stored] of reader.states(stateKey))
      if (!isHolderName(entity)) yield { entity, stored, partition: stateKey.partition }
}
