/** Facts about an environment, as plain data. `ask-*.ts` gathers them, and `checks/` evaluates them. */
import type { TopicPartition } from '../../packages/runtime/adapters/kafka/topic-admin.ts'
import type { KafkaTopic } from '../../packages/runtime/adapters/kafka/topics.ts'
import type { Observed } from './finding.ts'

/** Requirements for the servers of an environment. */
export interface Standards {
  /** True if everything runs on one machine. Then a single replica and unencrypted connections are accepted. */
  readonly isLocal: boolean
  readonly brokers: number
  readonly replication: number
  readonly minInsync: number
}

/** Settings by name; null for a secret setting, or one without a value. */
export type Settings = Readonly<Record<string, string | null>>

export interface KafkaFacts {
  readonly address: string
  readonly auth: string
  readonly encrypted: boolean
  readonly cluster: Observed<ClusterFacts>
}

export interface ClusterFacts {
  readonly brokers: readonly {
    readonly id: number
    readonly rack: string | null
    readonly settings: Observed<Settings>
  }[]
}

/** Topic of the table, with its state in the cluster. */
export interface TopicFacts {
  readonly topic: string
  readonly wanted: KafkaTopic & { readonly isTicked: boolean }
  /** Topic in the cluster; undefined if it is missing. */
  readonly found: Observed<FoundTopic | undefined>
}

export interface FoundTopic {
  readonly partitions: readonly TopicPartition[]
  /** Settings of the topic, including defaults of the brokers. */
  readonly settings: Observed<Settings>
  /** Newest record batches of each partition. */
  readonly newest: Observed<readonly PartitionBatches[]>
}

/** Batches of a partition, oldest first. */
export interface PartitionBatches {
  readonly partition: number
  readonly batches: readonly BatchFacts[]
}

export interface BatchFacts {
  readonly codec: string
  /** True if the producer is idempotent, so that the broker drops repeats. */
  readonly isIdempotent: boolean
  readonly records: number
  /** Size in the log, in bytes, after compression. */
  readonly bytes: number
  readonly isLogAppendTime: boolean
  /** Timestamp of its newest record, in milliseconds since the epoch. */
  readonly timestampMs: number
}

/** Settings of a producer. */
export interface ProducerFacts {
  readonly name: string
  readonly acks: 'all' | 1
  readonly idempotent: boolean
  readonly maxInFlight: number
  /** True if the producer waits for the delivery report of every record. */
  readonly awaitsDelivery: boolean
  readonly deliveryTimeoutMs: number
}

/** Function that reads a topic as a consumer group. */
export interface ConsumerFacts {
  readonly function: string
  readonly group: string
  readonly topic: string
  readonly batchSize: number
  /** Timeout of an invocation. `reserveMs` is the part of it that is reserved for ending a batch. */
  readonly timeoutMs: number
  readonly reserveMs: number
  /** True if records that the consumer cannot process become failures. */
  readonly writesFailures: boolean
  /** End of the open circuit breaker, in milliseconds since the epoch; undefined if it is closed. */
  readonly breakerOpenUntilMs: Observed<number | undefined>
  readonly state: Observed<GroupState>
  readonly partitions: Observed<readonly PartitionProgress[]>
}

/** Consumer whose progress is known. */
export type SeenConsumer = Omit<ConsumerFacts, 'partitions'> & {
  readonly partitions: readonly PartitionProgress[]
}

interface GroupState {
  readonly state: 'stable' | 'rebalancing' | 'empty' | 'missing' | 'unknown'
  readonly members: number
}

/** Progress in one partition, according to the log, the group and the state. */
export interface PartitionProgress {
  readonly partition: number
  /** First retained offset. `end` is the offset after the last record. */
  readonly start: number
  readonly end: number
  /** Committed offset before the state was read; -1 if there is none. `committedAfter` is that after the state was read. */
  readonly committedBefore: number
  readonly committedAfter: number
  /** Last applied offset; -1 before the first one. Null if Redis did not report it. */
  readonly applied: number | null
  /** Number of emissions that are committed and not published yet. Null if Redis did not report it. */
  readonly outbox: number | null
  /** Age of the first pending record in seconds; null if it cannot be read, 0 without pending records. */
  readonly waitsSeconds: number | null
}

/** Server of Redis or Valkey. A cluster has several. */
export interface RedisServer {
  readonly address: string
  readonly info: Observed<Readonly<Record<string, string>>>
  /**
   * Clocks of the server and of this machine at the same time, in milliseconds since the epoch, and the
   * uncertainty, which is half of the round-trip time.
   */
  readonly clock: Observed<{
    readonly theirsMs: number
    readonly oursMs: number
    readonly toleranceMs: number
  }>
}

export interface RedisFacts {
  readonly address: string
  readonly encrypted: boolean
  readonly mode: 'single' | 'cluster'
  readonly hasCheckpoints: boolean
  readonly servers: Observed<readonly RedisServer[]>
  /** Commands that Redis refused, in its words. */
  readonly refused: Observed<readonly string[]>
}
