import type { DataWriter } from '../cloudevents/data-writer.ts'
import { COUNTED_MS, type LogTime } from '../cloudevents/log-time.ts'
import type { ContentMode } from '../cloudevents/writer.ts'
import type { Application } from '../consumer/application.ts'
import { contextTypes, type KeyedProcess } from '../consumer/process.ts'
import type { SegmentSink } from '../consumer/segment-sink.ts'
import type { Sink } from '../consumer/sink.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import { computeFailureBytes } from './model/failure-memory.ts'
import type { DataReader } from './ports.ts'

// A keyed process whose state type is unknown. The pipeline only parses states from JSON and serializes them.
export type AnyKeyedProcess = KeyedProcess<unknown, unknown, unknown>
export type Process = AnyKeyedProcess | Sink | SegmentSink

export interface Consumer<P extends Process = Process> {
  readonly process: P
  readonly application: Application
  /** Reader for data that is not plain JSON. If absent, such data is passed on as bytes. */
  readonly reader?: DataReader
  /**
   * Names of the consumers that emit to a topic, by the name of the topic in Kafka. Only their emissions are recognised as repeats
   * by origin and sequence; none if absent.
   */
  readonly emitters?: ReadonlyMap<string, ReadonlySet<string>>
  /** Name of the environment whose topics receive the emissions. */
  readonly env: string
  /** Content mode of emissions: binary, unless a downstream system can only read structured events. */
  readonly contentMode: ContentMode
  /** Writer that serializes the data of emissions. If absent, the data is written as JSON. */
  readonly dataWriter?: DataWriter
  /** Period for which the id of an applied event is remembered, in milliseconds of the log's clock. */
  readonly idWindowMs: number
  readonly futureToleranceMs: number
  /**
   * Earliest valid event time, in milliseconds since the epoch. An earlier event fails: its producer's clock
   * was probably never set.
   */
  readonly earliestTimeMs: number
  /** Maximum time by which a valid event time is before the append time of its record, in milliseconds. */
  readonly oldestMs: number
  /**
   * Records appended before this instant are ignored, in milliseconds since the epoch. If absent, records of any age are processed.
   */
  readonly sinceMs?: number
  /**
   * Source of the append time: `append` is the record's timestamp, `carried` the original timestamp in a replayed record's header.
   */
  readonly logTime: LogTime
  /** Set for a topic of another application, see `foreign-log.ts`. */
  readonly isForeign?: true
  /** Topic to which failure records are sent. The failure router itself writes directly to the dlq topic. */
  readonly failuresTo: TopicName
  /** Upper bound, in bytes, for the failure memory of a topic. All partitions of the topic share it. */
  readonly failureBytes: number
  /** Number of entities that a group of producers may add to a partition state per day of log time. */
  readonly newEntities: number
  /** Upper bounds for one commit. They limit the run time of its script and the size of its command. */
  readonly limits: ChunkLimits
  /** Minimum remaining time of the invocation at which another chunk may start, in milliseconds. */
  readonly reserveMs: number
}

/** Returns the earliest valid time of an event. @param writtenMs append time of its record */
export function computeEarliestMs(
  { earliestTimeMs, oldestMs }: Pick<Consumer, 'earliestTimeMs' | 'oldestMs'>,
  writtenMs: number,
): number {
  return Math.max(earliestTimeMs, writtenMs - oldestMs)
}

// Each kind of consumer has a property that no other kind has, so the kind need not be declared.

export function isSink(consumer: Consumer): consumer is Consumer<Sink> {
  return 'deliver' in consumer.process
}

export function isSegmentSink(consumer: Consumer): consumer is Consumer<SegmentSink> {
  return 'segments' in consumer.process
}

export function keepsStates({ process }: { readonly process: object }): boolean {
  return 'onEvent' in process
}

export function hasTimers({ process }: Pick<Consumer, 'process'>): boolean {
  return 'onTimer' in process
}

/** Returns the context of a process, or what its sink remembers; undefined if it has neither. */
export function getContext({ process }: Pick<Consumer, 'process'>): AnyKeyedProcess['context'] {
  if ('deliver' in process) return process.memory
  return 'context' in process ? process.context : undefined
}

/** Returns the types of the events that set the context of a process; none without a context, or if only steps set it. */
export function getContextTypes(consumer: Pick<Consumer, 'process'>): readonly string[] {
  const context = getContext(consumer)
  return context ? contextTypes(context) : []
}

interface ChunkLimits {
  readonly records: number
  /**
   * Upper bound, in bytes, for the records of a chunk including keys and headers. It also applies to the states and timers of one
   * load, and to the data that one commit writes. A record above the limit forms a chunk of its own. A commit may exceed the limit
   * by its last step.
   */
  readonly bytes: number
  readonly timers: number
}

export const CONSUMER_DEFAULTS = {
  contentMode: 'binary',
  idWindowMs: 60 * 60_000,
  futureToleranceMs: 5 * 60_000,
  earliestTimeMs: Date.UTC(2000, 0, 1),
  oldestMs: Number.POSITIVE_INFINITY,
  logTime: 'append',
  failureBytes: 64 * 1024 * 1024,
  newEntities: 12_000,
  limits: { records: 500, bytes: 4 * 1024 * 1024, timers: 500 },
  reserveMs: 3_000,
} as const

/**
 * Number of records of a log of another application whose ids are remembered. Stores keep up to twice as many: about 12 MB for each
 * partition.
 */
const COUNTED_IDS = 100_000

/**
 * Returns the consumer with the limits that hold for one topic. A process with `foreignLogs` decides the records of a topic of the
 * application, such as those that are redriven, like any other process.
 *
 * @param topic name of the topic in Kafka
 */
export function adaptToTopic(consumer: Consumer, topic: string): Consumer {
  const known = adapted.get(consumer) ?? new Map<string, Consumer>()
  adapted.set(consumer, known)
  const own = known.get(topic) ?? limitToTopic(consumer, topic)
  known.set(topic, own)
  return own
}

/** Adapted consumers by topic. Each invocation needs them for each partition. */
const adapted = new WeakMap<Consumer, Map<string, Consumer>>()

function limitToTopic(consumer: Consumer, topic: string): Consumer {
  const { application } = consumer
  const failureBytes = computeFailureBytes(application, consumer.failureBytes, topic)
  if (!readsForeignLogs(consumer) || application.topicNamed(topic)) return { ...consumer, failureBytes }
  const counted = { idWindowMs: COUNTED_IDS * COUNTED_MS, logTime: 'counted' } as const
  return { ...consumer, ...counted, failureBytes, isForeign: true }
}

/** Returns true if the topics of the process may belong to other applications, into which nothing is written. */
export function readsForeignLogs({ process }: { readonly process: object }): boolean {
  return 'foreignLogs' in process && process.foreignLogs === true
}
