import { HISTORY_TABLES, type HistoryTable } from '../../lib/history/tables.ts'
import type { ShiftTarget } from '../../lib/operations/replay/shift.ts'
import type { KeyStrategy } from '../../lib/telemetry/key.ts'
import type { ContentMode } from '../../packages/runtime/cloudevents/writer.ts'
import type { Serialization } from '../../packages/runtime/consumer/serialization.ts'
import { usageFailure } from '../failure.ts'

/** Request of `sluice replay`. */
export interface ReplayPlan {
  /** Names of the recordings, which are merged by time; `-` is standard input, `history:readings` a table of the history. */
  readonly files: readonly string[]
  /** Bounds of the records' timestamps in the history, in milliseconds since the epoch; `until` is excluded. */
  readonly since?: number
  readonly until?: number
  readonly speed: number
  readonly shift?: ShiftTarget
  readonly env?: string
  /** Topic to publish to: a signal, or the full name of a topic. */
  readonly topic?: string
  readonly mode?: ContentMode
  /** Key strategy for the events of a stream; by default, the strategy in the settings. */
  readonly keyBy?: KeyStrategy
  /** Serialization of a stream's data; by default, the serialization in the settings. */
  readonly serialization?: Serialization
  readonly keepPartitions: boolean
  readonly carryLogTime: boolean
  /** Line of the file to start with. */
  readonly fromLine: number
  /** Valid filters, as given on the command line. */
  readonly filters: readonly string[]
  /** Maximum number of items; `Infinity` for no limit. */
  readonly limit: number
  /** Maximum duration of the recording to replay, in milliseconds of recorded time; `Infinity` for no limit. */
  readonly forMs: number
  /** Number of items to skip. Only items that the other options select are counted. */
  readonly skip: number
  /** Number of rounds; `Infinity` repeats forever. */
  readonly loop: number
  readonly skipInvalid: boolean
  /** Position file of the replay. */
  readonly resume?: string
  /** True to print the counts as one JSON document. */
  readonly json?: boolean
}

/**
 * Returns a text that identifies which items are published, where, and in which order. A replay can be continued only with the same
 * identity. The speed is not part of it.
 */
export function identityOf(plan: ReplayPlan, env: string): string {
  const { speed: _, resume: __, json: ___, limit, forMs, loop, serialization, ...others } = plan
  // JSON cannot represent Infinity.
  const bounds = { limit: String(limit), forMs: String(forMs), loop: String(loop) }
  const formats = serialization && { formats: [serialization.otherwise, ...serialization.named].join() }
  return JSON.stringify(Object.entries({ ...others, ...bounds, ...formats, env }).sort())
}

const HISTORY = 'history:'

/**
 * Returns the table of the history that a source names; undefined for a file.
 *
 * @throws OperationFailure if the history has no such table
 */
export function tableIn(file: string): HistoryTable | undefined {
  if (!file.startsWith(HISTORY)) return undefined
  const name = file.slice(HISTORY.length)
  const table = HISTORY_TABLES.find(one => one === name)
  if (table) return table
  throw usageFailure(`${file}: the history has the tables ${HISTORY_TABLES.join(', ')}.`)
}
