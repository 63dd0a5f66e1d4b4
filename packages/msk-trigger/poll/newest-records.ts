import { randomUUID } from 'node:crypto'
import type { Mapping } from '../config/mappings.ts'
import type { Settings } from '../config/settings.ts'
import type { Message } from '../invoke/event.ts'
import type { Cluster, Connect } from './cluster.ts'
import { GroupMember, type MemberListener } from './member.ts'

/**
 * Time without records after which a partition counts as read, in milliseconds. The end of a partition may consist of records that
 * are never delivered, such as records of an aborted transaction.
 */
const IDLE_MS = 2_000

/** Time limit for joining the group, of which this is the only member, in milliseconds. */
const JOIN_MS = 30_000

type Offsets = ReadonlyMap<number, number>

/**
 * Reads the newest records of a topic, up to `count` per partition. Uses a consumer group that is deleted afterwards.
 *
 * @throws errors of Kafka
 */
export async function newestRecords(
  mapping: Mapping,
  count: number,
  {
    connect,
    cluster,
    settings,
  }: { readonly connect: Connect; readonly cluster: Cluster; readonly settings: Settings },
): Promise<ReadonlyMap<number, readonly Message[]>> {
  const { topic } = mapping
  const [first, end] = await Promise.all([
    cluster.offsetsAt(topic, { at: 'TRIM_HORIZON' }),
    cluster.offsetsAt(topic, { at: 'LATEST' }),
  ])
  const from = new Map([...end].map(([p, offset]) => [p, Math.max(first.get(p) ?? 0, offset - count)]))
  const collector = new Collector(from, end)
  if (collector.isComplete) return collector.found
  const groupId = `${mapping.groupId}-event-${randomUUID().slice(0, 8)}`
  const member = new GroupMember(connect, { ...mapping, groupId }, settings, collector)
  try {
    await Promise.race([member.read(await cluster.largestBatch(topic)), collector.over])
  } finally {
    collector.close()
    await member.leave()
    // Ignore the error: Kafka itself removes an empty group later.
    await cluster.deleteGroup(groupId).catch(() => {})
  }
  return collector.found
}

/** Collects records until the end of each partition is reached, or no more records arrive. */
class Collector implements MemberListener {
  readonly found = new Map<number, Message[]>()
  readonly #over = Promise.withResolvers<void>()
  readonly #from: Offsets
  readonly #open: Map<number, number>
  #timer: NodeJS.Timeout | undefined

  /** @param end offset after the last record of each partition */
  constructor(from: Offsets, end: Offsets) {
    this.#from = from
    this.#open = new Map([...end].filter(([partition, offset]) => offset > (from.get(partition) ?? 0)))
    const late = new Error(`Kafka did not assign the partitions within ${JOIN_MS / 1000} s`)
    this.#timer = setTimeout(() => this.#over.reject(late), JOIN_MS)
    if (this.isComplete) this.close()
  }

  get isComplete(): boolean {
    return this.#open.size === 0
  }

  get over(): Promise<void> {
    return this.#over.promise
  }

  assigned(): Offsets {
    return new Map()
  }

  async isSameTopic(): Promise<boolean> {
    return true
  }

  async mayDeliver(): Promise<boolean> {
    return true
  }

  async startOffsets(partitions: readonly number[]) {
    return { from: new Map(partitions.map(p => [p, this.#from.get(p) ?? 0])), pin: [] }
  }

  reading(): void {
    this.#endSoon()
  }

  fetched(): void {}

  async records(partition: number, messages: readonly Message[]): Promise<void> {
    const found = this.found.get(partition) ?? []
    this.found.set(partition, [...found, ...messages])
    if (Number(messages.at(-1)?.offset) + 1 >= (this.#open.get(partition) ?? 0)) this.#open.delete(partition)
    if (this.isComplete) this.close()
    else this.#endSoon()
  }

  /** Stops waiting for records. */
  close(): void {
    clearTimeout(this.#timer)
    this.#over.resolve()
  }

  #endSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.close(), IDLE_MS)
  }
}
