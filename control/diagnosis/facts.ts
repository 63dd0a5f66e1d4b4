/** Facts about an environment, as plain data. `gather-*.ts` gathers them, and `checks/` evaluates them. */

import type { TopicPartition } from '#runtime/operating/kafka'
import type { KafkaTopic } from '#runtime/operating/servers'
import type { ListedRebuild } from '#runtime/operating/states'
import type { HistoryObject } from '../../lib/history/index.ts'
import type { Observed } from './finding.ts'

/** Requirements that the servers of an environment must meet. */
export interface Standards {
  /** True if all servers run on this machine. A single replica and unencrypted connections are then accepted. */
  readonly isLocal: boolean
  readonly brokers: number
  readonly replication: number
  readonly minInsync: number
}

/** Settings by name. The value is null for a secret setting, or for a setting without a value. */
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
    /** `host:port` */
    readonly address: string
    readonly rack: string | null
    readonly settings: Observed<Settings>
  }[]
}

/** Topic in the topic table, with its state in the cluster. */
export interface TopicFacts {
  readonly topic: string
  readonly wanted: KafkaTopic
  /** State of the topic in the cluster; undefined if the topic is missing. */
  readonly found: Observed<FoundTopic | undefined>
}

/** Topic that consumers read, with its partitions in its cluster. An input has no row in the topic table. */
export interface ReadTopicFacts {
  readonly topic: string
  /** Undefined if the topic is missing. */
  readonly found: Observed<Pick<FoundTopic, 'partitions'> | undefined>
}

export interface FoundTopic {
  readonly partitions: readonly TopicPartition[]
  /** Settings of the topic, including broker defaults. */
  readonly settings: Observed<Settings>
  /** Newest record batches of each partition. A partition whose log could not be read to the end is missing. */
  readonly newest: Observed<readonly PartitionBatches[]>
}

/** Record batches of a partition, oldest first. */
export interface PartitionBatches {
  readonly partition: number
  readonly batches: readonly BatchFacts[]
}

export interface BatchFacts {
  readonly isCompressed: boolean
  readonly records: number
  /** Size of the records as stored in the log, in bytes. */
  readonly bytes: number
  /** True if the producer is idempotent. The broker then drops duplicates caused by retries. */
  readonly isIdempotent: boolean
  /** Timestamp of the newest record in the batch, in milliseconds since the epoch. */
  readonly timestampMs: number
}

/** Function that reads a topic, with facts about its consumer group and its state. */
export interface ConsumerFacts {
  readonly function: string
  readonly group: string
  readonly topic: string
  readonly batchSize: number
  /** Maximum time to wait for a full batch, in milliseconds. */
  readonly windowMs: number
  /** True if the consumer leaves the records of an unfinished segment in the log. */
  readonly writesSegments: boolean
  /** True for a topic of another application. Its producers choose the timestamps, so they do not show how long a record waits. */
  readonly isInput: boolean
  /** Time at which the circuit breaker closes, in milliseconds since the epoch; undefined if it is closed. */
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
  /** Client id of each member. */
  readonly clients: readonly string[]
}

/** Progress in one partition, as reported by the log, the consumer group and the state. */
export interface PartitionProgress {
  readonly partition: number
  /** First retained offset. `end` is the offset after the last record. */
  readonly start: number
  readonly end: number
  /**
   * Committed offset before the state was read; -1 without a commit. `committedAfter` is the committed offset after the state was
   * read.
   */
  readonly committedBefore: number
  readonly committedAfter: number
  /** Last applied offset; -1 if no record has been applied. Null if Redis did not report it. */
  readonly applied: number | null
  /** Number of committed emissions that are not published yet. Null if Redis did not report it. */
  readonly outbox: number | null
  /** Age of the first pending record in seconds: 0 without pending records, null for an input or if the record cannot be read. */
  readonly waitsSeconds: number | null
}

/** Archived topic, with its newest objects in the history. */
export interface ArchiveFacts {
  readonly topic: string
  /** Number of days whose objects were listed. */
  readonly days: number
  readonly objects: Observed<readonly HistoryObject[]>
}

/** Redis or Valkey server. A cluster has several. */
export interface RedisServer {
  readonly address: string
  readonly info: Observed<Readonly<Record<string, string>>>
}

export interface RedisFacts {
  readonly address: string
  readonly encrypted: boolean
  readonly mode: 'single' | 'cluster'
  readonly servers: Observed<readonly RedisServer[]>
  /** Error messages of Redis for rejected commands. */
  readonly refused: Observed<readonly string[]>
  /** States that were begun to be computed anew, and have not replaced the live ones. */
  readonly rebuilds: Observed<readonly ListedRebuild[]>
}
