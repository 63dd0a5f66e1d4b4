/** Reads how far all consumers of an environment are behind, and for how long their first pending records have waited. */

import type { Connections } from '#runtime/functions/connections'
import type { Bounds, Kafka, TopicOffsets } from '#runtime/operating/kafka'
import type { LogReader } from '#runtime/pipeline'
import { once } from '#runtime/waiting'
import { SIGNALS, type Signal } from '../../lib/app/naming/topic-table.ts'
import { findTopicBounds } from '../../lib/log/topic-bounds.ts'
import type { WaitingRecords } from '../diagnosis/waiting.ts'
import type { DeclaredFunction, ReadTopic } from '../environment/functions.ts'
import {
  type AgedPartitionLag,
  type ConsumerLag,
  readConsumerLags,
  readFirstTimestamp,
} from '../queries/kafka/consumer-lag.ts'

/** Maximum number of partitions whose first pending record is read at a time. Each consumer and topic has its share. */
export const MAX_AGES = 50

/** Lag of a consumer in a topic, and how long its first pending record has waited. */
export interface Lag extends WaitingRecords, ConsumerLag {
  readonly partitions: readonly AgedPartitionLag[]
  /** Maximum time for which the consumer waits for a full batch, in milliseconds. */
  readonly windowMs: number
}

/** Lags of all consumers at one time. */
export interface Lags {
  readonly lags: readonly Lag[]
  /** Offsets by signal; undefined for a topic that does not exist. */
  readonly bounds: ReadonlyMap<Signal, readonly Bounds[] | undefined>
}

/** First pending record of a partition, and the time since when it waits, in milliseconds since the epoch. */
interface Head {
  readonly next: number
  readonly sinceMs: number | undefined
}

/** Members of the environment that are read. */
interface Sources {
  readonly consumers: readonly ReadTopic[]
  readonly functions: readonly Pick<DeclaredFunction, 'name' | 'reading'>[]
  readonly connections: Pick<Connections, 'register'>
  kafka(): Promise<Kafka>
  log(): Promise<LogReader>
  topic(signal: Signal): string
  findSignal(topic: string): Signal | undefined
}

export class LagReader {
  readonly #environment: Sources
  readonly #offsets: () => Promise<TopicOffsets>
  /** First pending records that are known, by place. A record is read once, as long as it stays the first. */
  #heads: ReadonlyMap<string, Head> = new Map()
  /** Time of the first look. */
  #firstMs: number | undefined
  #reading: Promise<Lags> | undefined

  /** @param createOffsets opens the connection to Kafka for this reader alone */
  constructor(environment: Sources, createOffsets: (kafka: Kafka) => TopicOffsets) {
    this.#environment = environment
    this.#offsets = once(async () =>
      environment.connections.register(createOffsets(await environment.kafka())),
    )
  }

  /**
   * Returns the lags. A record of a topic of Sluice waits since it was written. The times of an input are those of its producers, so
   * its records wait since this reader saw them first, which says nothing at its first look. Concurrent calls share an answer.
   *
   * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
   */
  read(nowMs: number): Promise<Lags> {
    this.#reading ??= this.#read(nowMs).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(nowMs: number): Promise<Lags> {
    const { consumers, functions } = this.#environment
    const offsets = await this.#offsets()
    const shared = shareBounds(offsets)
    const readBounds = async (signal: Signal) =>
      [signal, await findTopicBounds(shared, this.#environment.topic(signal))] as const
    const [lags, bounds] = await Promise.all([
      readConsumerLags(shared, consumers),
      Promise.all(SIGNALS.map(readBounds)),
    ])
    await this.#readHeads(lags, nowMs)
    this.#firstMs ??= nowMs
    const getWindowMs = (name: string) =>
      (functions.find(declared => declared.name === name)?.reading.maximumBatchingWindow ?? 0) * 1_000
    return {
      lags: lags.map(lag => this.#addAges(lag, getWindowMs(lag.function), nowMs)),
      bounds: new Map(bounds),
    }
  }

  #addAges(lag: ReadTopic & ConsumerLag, windowMs: number, nowMs: number): Lag {
    const partitions = lag.partitions.map(one => {
      const { sinceMs } = this.#heads.get(toPlace(lag, one.partition)) ?? {}
      const isUnknown = sinceMs === undefined || (sinceMs === nowMs && nowMs === this.#firstMs)
      const seconds = isUnknown ? null : Math.max(0, nowMs - sinceMs) / 1_000
      return { ...one, seconds: one.pending === 0 ? 0 : seconds }
    })
    const waits = partitions.flatMap(one =>
      one.pending > 0 && one.seconds !== null ? [one.seconds * 1_000] : [],
    )
    const waitingMs =
      lag.pending === 0 ? 0 : waits.length === 0 ? null : Math.max(0, Math.max(...waits) - windowMs)
    return { ...lag, partitions, windowMs, waitingMs }
  }

  async #readHeads(lags: readonly (ReadTopic & ConsumerLag)[], nowMs: number): Promise<void> {
    const before = this.#heads
    const pending = lags.flatMap(lag =>
      lag.partitions
        .filter(partition => partition.pending > 0)
        .map(partition => ({ lag, partition, place: toPlace(lag, partition.partition) }))
        .sort((a, b) => b.partition.pending - a.partition.pending)
        .map((one, rank) => ({ ...one, rank })),
    )
    const isKnown = ({ place, partition }: (typeof pending)[number]) =>
      before.get(place)?.next === partition.next
    const log = pending.length > 0 ? await this.#environment.log() : undefined
    const asked = pending
      .filter(one => !isKnown(one))
      .sort((a, b) => a.rank - b.rank)
      .slice(0, MAX_AGES)
    const found = await Promise.all(
      asked.map(async ({ lag, partition, place }) => {
        const isOwn = this.#environment.findSignal(lag.topic) !== undefined
        const sinceMs = isOwn ? await readFirstTimestamp(log as LogReader, lag.topic, partition) : nowMs
        return [place, { next: partition.next, sinceMs }] as const
      }),
    )
    const kept = pending.filter(isKnown).flatMap(({ place }) => {
      const head = before.get(place)
      return head?.sinceMs === undefined ? [] : [[place, head] as const]
    })
    this.#heads = new Map([...kept, ...found])
  }
}

function toPlace({ function: name, topic }: ReadTopic, partition: number): string {
  return `${name} ${topic} ${partition}`
}

/** Returns offsets whose `bounds` requests each topic only once. All callers share the response. */
function shareBounds(offsets: TopicOffsets): Pick<TopicOffsets, 'bounds' | 'fetchCommitted'> {
  const known = new Map<string, Promise<Bounds[]>>()
  return {
    bounds(topic) {
      const bounds = known.get(topic) ?? offsets.bounds(topic)
      known.set(topic, bounds)
      return bounds
    },
    fetchCommitted: (group, topic) => offsets.fetchCommitted(group, topic),
  }
}
