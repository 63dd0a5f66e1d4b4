import type { ShiftTarget } from '../../lib/operations/replay/shift.ts'
import type { KeyStrategy } from '../../lib/telemetry/key.ts'
import type { ContentMode } from '../../packages/runtime/cloudevents/writer.ts'
import type { Serialization } from '../../packages/runtime/consumer/serialization.ts'

/** Request of `sluice replay`. */
export interface ReplayPlan {
  /** Merged by time; `-` is standard input. */
  readonly files: readonly string[]
  readonly speed: number
  readonly shift?: ShiftTarget
  readonly env?: string
  /** A signal, or a whole name. */
  readonly topic?: string
  readonly mode?: ContentMode
  /** How the events of a stream are keyed, if not as usual. */
  readonly keyBy?: KeyStrategy
  /** How the data of a stream is written; as the settings say by default. */
  readonly serialization?: Serialization
  readonly keepPartitions: boolean
  readonly carryLogTime: boolean
  /** The first line of the file. */
  readonly fromLine: number
  /** Filters as written on the command line; each is valid. */
  readonly filters: readonly string[]
  /** `Infinity` is all. */
  readonly limit: number
  /** How much recorded time, in milliseconds; `Infinity` is all. */
  readonly forMs: number
  /** Number of items to skip, of those that the other options leave. */
  readonly skip: number
  /** `Infinity` is forever. */
  readonly loop: number
  readonly skipInvalid: boolean
  /** The file that says how far it has come. */
  readonly resume?: string
  /** Print the counts as one JSON document. */
  readonly json?: boolean
}

/**
 * All that decides what is published, where, and in which order: a replay can only continue with the same. Its pace may differ.
 */
export function identityOf(plan: ReplayPlan, env: string): string {
  const { speed: _, resume: __, json: ___, limit, forMs, loop, serialization, ...others } = plan
  // JSON has no Infinity.
  const bounds = { limit: String(limit), forMs: String(forMs), loop: String(loop) }
  const formats = serialization && { formats: [serialization.otherwise, ...serialization.named].join() }
  return JSON.stringify(Object.entries({ ...others, ...bounds, ...formats, env }).sort())
}
