import type { LogTime } from '../cloudevents/log-time.ts'
import type { ContentMode } from '../cloudevents/writer.ts'
import type { KeyedProcess } from '../domain/process.ts'
import type { Sink } from '../domain/sink.ts'
import type { Signal } from '../domain/topics.ts'

// The pipeline carries states it does not look into: each comes out of JSON and goes back into it.
export type Process = KeyedProcess<unknown> | Sink

/** A process or a sink, and the settings under which the pipeline runs it. */
export interface Consumer<P extends Process = Process> {
  readonly process: P
  /** The environment whose topics emissions go to. */
  readonly env: string
  /** How emissions are written: binary, unless something downstream reads structured events only. */
  readonly contentMode: ContentMode
  /** How long, on the log's clock, an id is remembered. */
  readonly idWindowMs: number
  readonly futureToleranceMs: number
  /** Events that happened before this instant are refused: a clock that was never set says 1970. */
  readonly earliestTimeMs: number
  /** Records appended before this instant are not this consumer's; absent where all are. */
  readonly sinceMs?: number
  /** When a record was appended: by its log, or, where that is a replay, as its records say. */
  readonly logTime: LogTime
  /** Where records that cannot be processed go; the router of failures itself sends them straight to the dlq. */
  readonly failuresTo: Signal
  /** What one commit takes on at most: bounds the run time of its script and the size of its command. */
  readonly limits: WaveLimits
  /** No wave starts with less than this left of the invocation's time. */
  readonly reserveMs: number
}

export function isSink(consumer: Consumer): consumer is Consumer<Sink> {
  return 'deliver' in consumer.process
}

interface WaveLimits {
  readonly records: number
  /** Of records with their keys and headers; one that is larger is a wave of its own. */
  readonly bytes: number
  readonly timers: number
}

export const CONSUMER_DEFAULTS = {
  contentMode: 'binary',
  idWindowMs: 60 * 60_000,
  futureToleranceMs: 5 * 60_000,
  earliestTimeMs: Date.UTC(2000, 0, 1),
  logTime: 'append',
  failuresTo: 'failures',
  limits: { records: 500, bytes: 4 * 1024 * 1024, timers: 500 },
  reserveMs: 3_000,
} as const
