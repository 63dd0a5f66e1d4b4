import type { Mapping } from '../config/mappings.ts'
import type { Cluster } from './cluster-client.ts'

export interface StartOffsets {
  readonly from: ReadonlyMap<number, number>
  /** Starting positions that must be committed immediately. */
  readonly pin: readonly { readonly partition: number; readonly offset: number }[]
  /** Records of these partitions before and after the start of a group without committed offsets; absent for other groups. */
  readonly fresh?: { readonly before: number; readonly after: number }
}

/**
 * Decides where reading starts in newly assigned partitions. Committed offsets take precedence; the starting position applies to a
 * group without committed offsets (rules 34 and 36 in `RULES.md`). A partition that was added later, and a topic that was created
 * again, are read from their beginning. A start at LATEST or AT_TIMESTAMP is committed immediately; otherwise, after a restart,
 * "latest" would skip the records in between.
 */
export async function startOffsets(
  cluster: Pick<Cluster, 'fetchCommittedOffsets' | 'fetchOffsetsAt'>,
  mapping: Pick<Mapping, 'groupId' | 'topic' | 'startingPosition'>,
  partitions: readonly number[],
  isRecreated = false,
): Promise<StartOffsets> {
  if (partitions.length === 0) return { from: new Map(), pin: [] }
  const committed = isRecreated ? new Map<number, number>() : await cluster.fetchCommittedOffsets(mapping)
  const uncommitted = partitions.filter(partition => !committed.has(partition))
  const isNewGroup = committed.size === 0 && !isRecreated
  const position = isNewGroup ? mapping.startingPosition : ({ at: 'TRIM_HORIZON' } as const)
  const start = uncommitted.length === 0 ? new Map() : await cluster.fetchOffsetsAt(mapping.topic, position)

  const from = new Map(partitions.map(p => [p, committed.get(p) ?? start.get(p) ?? 0]))
  const pinned = position.at === 'TRIM_HORIZON' && !isRecreated ? [] : uncommitted
  const pin = pinned.map(partition => ({ partition, offset: from.get(partition) ?? 0 }))
  if (!isNewGroup) return { from, pin }
  const offsetsAt = (at: 'TRIM_HORIZON' | 'LATEST') => cluster.fetchOffsetsAt(mapping.topic, { at })
  const [first, end] = await Promise.all([offsetsAt('TRIM_HORIZON'), offsetsAt('LATEST')])
  const count = (begin: ReadonlyMap<number, number>, to: ReadonlyMap<number, number>) =>
    partitions.reduce((sum, p) => sum + Math.max(0, (to.get(p) ?? 0) - (begin.get(p) ?? 0)), 0)
  return { from, pin, fresh: { before: count(first, from), after: count(from, end) } }
}
