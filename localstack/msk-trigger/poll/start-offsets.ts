import type { Mapping } from '../config/mappings.ts'
import type { Cluster } from './cluster.ts'

export interface StartOffsets {
  /** The offset to start at, by partition. */
  readonly from: ReadonlyMap<number, number>
  /** The starting positions among them that must be committed at once. */
  readonly pin: readonly { readonly partition: number; readonly offset: number }[]
}

/**
 * Decides where to start in newly assigned partitions. Committed offsets take precedence; the starting position applies
 * to a group that has none (rules 34, 36). A partition that was added to the topic later is read from its beginning:
 * starting at its end would skip records that arrived before it was noticed.
 *
 * A topic that was created again while it was read is read from its beginning, too. Offsets that are committed belong
 * to the deleted one.
 *
 * A start at LATEST or AT_TIMESTAMP is committed at once. Otherwise a process that ends before its first success would
 * start at a later "latest" the next time, and the records in between would be lost. The start of a topic that was created
 * again is committed, too, because offsets of the deleted one can be.
 */
export async function startOffsets(
  cluster: Pick<Cluster, 'committed' | 'offsetsAt'>,
  mapping: Pick<Mapping, 'groupId' | 'topic' | 'startingPosition'>,
  partitions: readonly number[],
  isRecreated = false,
): Promise<StartOffsets> {
  if (partitions.length === 0) return { from: new Map(), pin: [] }
  const committed = isRecreated ? new Map<number, number>() : await cluster.committed(mapping)
  const uncommitted = partitions.filter(partition => !committed.has(partition))
  const isNewGroup = committed.size === 0 && !isRecreated
  const position = isNewGroup ? mapping.startingPosition : ({ at: 'TRIM_HORIZON' } as const)
  const start = uncommitted.length === 0 ? new Map() : await cluster.offsetsAt(mapping.topic, position)

  const from = new Map(partitions.map(p => [p, committed.get(p) ?? start.get(p) ?? 0]))
  const pinned = position.at === 'TRIM_HORIZON' && !isRecreated ? [] : uncommitted
  return { from, pin: pinned.map(partition => ({ partition, offset: from.get(partition) ?? 0 })) }
}
