import type { Cluster } from './cluster.ts'
import type { Mapping } from './mappings.ts'

export interface StartOffsets {
  /** Where to read each partition from. */
  readonly from: ReadonlyMap<number, number>
  /** The starting positions among them that must be committed at once. */
  readonly pin: readonly { readonly partition: number; readonly offset: number }[]
}

/**
 * Where to begin in partitions that were just assigned. Committed offsets win; the starting position counts for a
 * group that has none (rules 34, 36). A partition that was added to the topic later is read from its beginning: to
 * start at its end would skip what came before it was noticed.
 *
 * A LATEST or AT_TIMESTAMP start is committed at once. Otherwise a process that ends before its first success would
 * start at a later "latest" the next time, and what came between would be lost.
 */
export async function startOffsets(
  cluster: Pick<Cluster, 'committed' | 'offsetsAt'>,
  mapping: Pick<Mapping, 'groupId' | 'topic' | 'startingPosition'>,
  partitions: readonly number[],
): Promise<StartOffsets> {
  if (partitions.length === 0) return { from: new Map(), pin: [] }
  const committed = await cluster.committed(mapping)
  const fresh = partitions.filter(partition => !committed.has(partition))
  const position = committed.size === 0 ? mapping.startingPosition : ({ at: 'TRIM_HORIZON' } as const)
  const start = fresh.length === 0 ? new Map() : await cluster.offsetsAt(mapping.topic, position)

  const from = new Map(partitions.map(p => [p, committed.get(p) ?? start.get(p) ?? 0]))
  const pinned = position.at === 'TRIM_HORIZON' ? [] : fresh
  return { from, pin: pinned.map(partition => ({ partition, offset: from.get(partition) ?? 0 })) }
}
