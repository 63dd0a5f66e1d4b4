import type { DataWriter } from '../cloudevents/data-writer.ts'
import type { LogTime } from '../cloudevents/log-time.ts'
import type { ContentMode } from '../cloudevents/writer.ts'
import type { Application } from '../consumer/application.ts'
import type { TopicName } from '../consumer/declared.ts'
import type { KeyedProcess } from '../consumer/process.ts'
import type { SegmentSink } from '../consumer/segment-sink.ts'
import type { Sink } from '../consumer/sink.ts'
import type { DataReader } from './ports.ts'

// The pipeline does not look into states: it parses them from JSON and serialises them again.
export type AnyKeyedProcess = KeyedProcess<unknown, unknown, unknown>
export type Process = AnyKeyedProcess | Sink | SegmentSink

export interface Consumer<P extends Process = Process> {
  readonly process: P
  readonly application: Application
  /** Reads data that is not plain JSON. Absent: such data stays bytes. */
  readonly reader?: DataReader
  /** The environment whose topics emissions go to. */
  readonly env: string
  /** How emissions are written: binary, unless a downstream system can only read structured events. */
  readonly contentMode: ContentMode
  /** Serializes the data of emissions. Absent: they are JSON. */
  readonly dataWriter?: DataWriter
  /** How long, on the log's clock, an id is remembered. */
  readonly idWindowMs: number
  readonly futureToleranceMs: number
  /** Events with an earlier time fail: a clock that was never set says 1970. */
  readonly earliestTimeMs: number
  /** Records appended before this instant are ignored. Absent: no record is ignored for its age. */
  readonly sinceMs?: number
  /** Which append time counts: that of the log or, for a replayed log, the one that each record carries. */
  readonly logTime: LogTime
  /** The topic for failure records. The failure router itself writes straight to the dlq. */
  readonly failuresTo: TopicName
  /** Upper bound for the failure memory of all partitions of a topic together, in bytes. */
  readonly failureBytes: number
  /** How many entities a group of producers may add to a partition state in a day of log time. */
  readonly newEntities: number
  /** Upper bounds for one commit. They limit the run time of its script and the size of its command. */
  readonly limits: ChunkLimits
  /** A chunk starts only if at least this much of the invocation's time is left. */
  readonly reserveMs: number
}

// Each kind of consumer is recognised by a property that only it has, so it need not declare its kind.

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

/** The context of a process; undefined if it has none, and for a sink. */
export function contextOf({ process }: Pick<Consumer, 'process'>): AnyKeyedProcess['context'] {
  return 'context' in process ? process.context : undefined
}

interface ChunkLimits {
  readonly records: number
  /**
   * Limits three sizes: the records of a chunk with their keys and headers (a larger record is a chunk of its own), the states
   * and timers of one load, and what one commit writes (the next step begins only below the limit).
   */
  readonly bytes: number
  readonly timers: number
}

export const CONSUMER_DEFAULTS = {
  contentMode: 'binary',
  idWindowMs: 60 * 60_000,
  futureToleranceMs: 5 * 60_000,
  earliestTimeMs: Date.UTC(2000, 0, 1),
  logTime: 'append',
  failureBytes: 64 * 1024 * 1024,
  newEntities: 12_000,
  limits: { records: 500, bytes: 4 * 1024 * 1024, timers: 500 },
  reserveMs: 3_000,
} as const
