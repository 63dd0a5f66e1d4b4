/** Where entities and failures belong once their topic has more partitions. Pure. */
import { partitionOf } from '../../consumer/murmur2.ts'

/** Present and future number of partitions of a topic. */
export interface Counts {
  readonly from: number
  readonly to: number
}

/** Why an entity stays in its partition. */
type StayReason =
  /** None of its records is retained, so its key is unknown. */
  | 'key-unknown'
  /** Keyless records, which may be in any partition, before and after. */
  | 'no-key'
  /** Misplaced: its key belongs to another partition, so another partitioner has put it here. */
  | 'misrouted'
  /** Several partitions have a state of it, which cannot be merged. */
  | 'in-several-partitions'

/** An entity of a partition state, and the key of its records; null if they have none, undefined if it is not known. */
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

/** The partition that an entity of an old partition belongs to. */
export type Routes = (partition: number, entity: string) => number

/** The partitions to which the keys of an old partition can go. They depend on the greatest common divisor of the counts. */
export function targetsOf(partition: number, { from, to }: Counts): number[] {
  const divisor = commonDivisor(from, to)
  return Array.from({ length: to }, (_, target) => target).filter(
    target => target % divisor === partition % divisor,
  )
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}

/** Where the key of a record in an old partition belongs; undefined if Kafka's default partitioner would not have put it there. */
export function movedTo(key: Buffer, partition: number, { from, to }: Counts): number | undefined {
  return partitionOf(key, from) === partition ? partitionOf(key, to) : undefined
}

/**
 * Decides the partition of each entity of one consumer. Two states are never merged, and no state is dropped: an entity that
 * cannot be moved stays.
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
