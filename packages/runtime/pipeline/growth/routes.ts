/** Determines the partitions of entities and failures after their topic has grown. Pure. */
import { partitionOf } from '../../consumer/murmur2.ts'

/** Current and future number of partitions of a topic. */
export interface Counts {
  readonly from: number
  readonly to: number
}

/** Reason why an entity stays in its partition. */
type StayReason =
  /** All records of the entity have expired, so its key is unknown. */
  | 'key-unknown'
  /** The records of the entity have no key, so they may be in any partition before and after the growth. */
  | 'no-key'
  /** Kafka's default partitioner would have put the key of the entity into another partition. */
  | 'misrouted'
  /** Several partitions have a state of the entity, and states cannot be merged. */
  | 'in-several-partitions'

/** An entity of a partition state and the key of its records; null if the records have no key, undefined if it is unknown. */
export interface EntityKey {
  readonly partition: number
  readonly entity: string
  readonly key: Buffer | null | undefined
}

export interface Staying {
  readonly partition: number
  readonly entity: string
  readonly why: StayReason
}

/** Returns the new partition of an entity, given its old partition. */
export type Routes = (partition: number, entity: string) => number

/**
 * Returns the partitions to which the keys of an old partition can move. They are determined by the greatest common divisor of both
 * partition counts.
 */
export function targetsOf(partition: number, { from, to }: Counts): number[] {
  const divisor = commonDivisor(from, to)
  return Array.from({ length: to }, (_, target) => target).filter(
    target => target % divisor === partition % divisor,
  )
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}

/** Returns the new partition of a key; undefined if Kafka's default partitioner would not have put it into the old partition. */
export function movedTo(key: Buffer, partition: number, { from, to }: Counts): number | undefined {
  return partitionOf(key, from) === partition ? partitionOf(key, to) : undefined
}

/**
 * Decides the partition of each entity of one consumer. States are never merged or dropped: an entity that cannot be moved stays
 * where it is.
 */
export function routed(
  found: readonly EntityKey[],
  counts: Counts,
): { readonly routes: Routes; readonly staying: readonly Staying[] } {
  const moves = new Map<string, number>()
  const staying: Staying[] = []
  const times = new Map<string, number>()
  for (const { entity } of found) times.set(entity, (times.get(entity) ?? 0) + 1)
  for (const one of found) {
    const why = stayReason(one, (times.get(one.entity) ?? 0) > 1, counts)
    if (why) staying.push({ partition: one.partition, entity: one.entity, why })
    else moves.set(nameIn(one.partition, one.entity), partitionOf(one.key as Buffer, counts.to))
  }
  return { routes: (partition, entity) => moves.get(nameIn(partition, entity)) ?? partition, staying }
}

function stayReason(
  { key, partition }: EntityKey,
  isInSeveral: boolean,
  counts: Counts,
): StayReason | undefined {
  if (key === null) return 'no-key'
  if (isInSeveral) return 'in-several-partitions'
  if (key === undefined) return 'key-unknown'
  return movedTo(key, partition, counts) === undefined ? 'misrouted' : undefined
}

function nameIn(partition: number, entity: string): string {
  return `${partition} ${entity}`
}
