/** Facts of an environment. Only data: `ask-*.ts` gathers them, and `checks/` judges them. */
import type { TopicPartition } from '../../packages/runtime/adapters/kafka/topic-admin.ts'
import type { KafkaTopic } from '../../packages/runtime/adapters/kafka/topics.ts'
import type { Observed } from './finding.ts'

/** Standards of an environment. */
export interface Standards {
  /** True if everything runs on one machine: one broker may hold the only copy, and nothing is encrypted. */
  readonly isLocal: boolean
  readonly brokers: number
  readonly replication: number
  readonly minInsync: number
}

/** Settings by name; null for one that is secret or has no value. */
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

/** A topic of the table, and its state in the cluster. */
export interface TopicFacts {
  readonly topic: string
  readonly wanted: KafkaTopic & { readonly isTicked: boolean }
  /** The topic; undefined if it is missing. */
  readonly found: Observed<FoundTopic | undefined>
}

export interface FoundTopic {
  readonly partitions: readonly TopicPartition[]
  /** Settings with the defaults of the brokers. */
  readonly settings: Observed<Settings>
  /** The newest record batches of each partition, as their producers wrote them. */
  readonly newest: Observed<readonly PartitionBatches[]>
}

/** Oldest first. */
export interface PartitionBatches {
  readonly partition: number
  readonly batches: readonly BatchFacts[]
}

export interface BatchFacts {
  readonly codec: string
  /** The broker drops repeats of an idempotent producer. */
  readonly isIdempotent: boolean
  readonly records: number
  /** Size in the log, compressed or not. */
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
  /** True if every record is reported as delivered or failed before the next step. */
  readonly awaitsDelivery: boolean
  readonly deliveryTimeoutMs: number
}

/** A function that reads a topic as a consumer group. */
export interface ConsumerFacts {
  readonly function: string
  readonly group: string
  readonly topic: string
  readonly batchSize: number
  /** Limit of an invocation, and the part of it that is kept to end a batch in order. */
  readonly timeoutMs: number
  readonly reserveMs: number
  /** True if records that it cannot process go to the topic of failures. */
  readonly writesFailures: boolean
  /** End of the open circuit breaker, in milliseconds since the epoch; undefined if it is closed. */
  readonly breakerOpenUntilMs: Observed<number | undefined>
  readonly state: Observed<GroupState>
  readonly partitions: Observed<readonly PartitionProgress[]>
}

/** A consumer whose progress is known. */
export type SeenConsumer = Omit<ConsumerFacts, 'partitions'> & {
  readonly partitions: readonly PartitionProgress[]
}

interface GroupState {
  readonly state: 'stable' | 'rebalancing' | 'empty' | 'missing' | 'unknown'
  readonly members: number
}

/** Progress in one partition, by the log, by the group and by the state. */
export interface PartitionProgress {
  readonly partition: number
  /** The first offset that is retained, and the one after the last record. */
  readonly start: number
  readonly end: number
  /** Committed offsets before the state was read, and after; -1 without any. */
  readonly committedBefore: number
  readonly committedAfter: number
  /** Last applied offset; -1 before the first. Null if Redis did not report it. */
  readonly applied: number | null
  /** Emissions that are committed and not published yet. Null if Redis did not report it. */
  readonly outbox: number | null
  /** Wait of the first pending record; null if it cannot be read, 0 without pending records. */
  readonly waitsSeconds: number | null
}

/** One server of Redis or Valkey; a cluster has several. */
export interface RedisServer {
  readonly address: string
  readonly info: Observed<Readonly<Record<string, string>>>
  /**
   * Clock of the server and ours at the same time, in milliseconds since the epoch, with half of the duration of the question.
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
  /** Refused commands, in Redis's words. */
  readonly refused: Observed<readonly string[]>
}
