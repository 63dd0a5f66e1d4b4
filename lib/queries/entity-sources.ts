/** Counts the entities of each producer in the partition states of a consumer. */
import type { StateReader } from '../../packages/runtime/adapters/redis/state-reader.ts'
import { partsOfEntity } from '../../packages/runtime/consumer/event.ts'
import { isHolderName } from '../../packages/runtime/pipeline/deciding/hold.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'

interface SourceCount {
  /** Source, or its prefix followed by `*`. */
  readonly source: string
  readonly entities: number
  /** Size of names and states in bytes, without the server's overhead. */
  readonly bytes: number
  /** Name of one of the entities. */
  readonly example: string
}

export interface EntitySources {
  readonly entities: number
  /** Sources with the most entities, up to the requested number. */
  readonly sources: readonly SourceCount[]
}

/**
 * Counts the entities of each source. The states are read in pages while the consumer continues.
 *
 * @param by with `prefix`, sources that differ only after their last "/" are counted together
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
 * Returns the partitions of each entity whose name matches, from the states of all these consumers.
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
