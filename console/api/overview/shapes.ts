/** Types of the overview. */
import type { Signal } from '../../../lib/app/topics.ts'
import type { StalledFunctions } from '../../../lib/diagnosis/stalls/standing-still.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'

/** Figures by name; null if unknown. */
export type Values = Readonly<Record<string, number | null>>

/** State of the environment at one time. */
export interface Overview {
  /** Time of the sample, in epoch milliseconds. */
  readonly atMs: number
  /** Reason why each server is unavailable; null for a server that responds. */
  readonly servers: { readonly kafka: string | null; readonly redis: string | null }
  /**
   * Figures by name. The following are rates per second, averaged over ten seconds: `in`, `applied`, `duplicates`, `failed`,
   * `alerts`, `letters`, `topic/SIGNAL` and `rate/CONSUMER/TOPIC`. The others are current values: `lag/CONSUMER/TOPIC` in records
   * and `wait/CONSUMER/TOPIC` in seconds.
   */
  readonly values: Values
  /** Total number of applied, duplicate and failed readings. */
  readonly totals: Values
  readonly topics: readonly ShownTopic[]
  readonly consumers: readonly ShownConsumer[]
  /** Functions that write to topics but do not read from a topic. */
  readonly producers: readonly { readonly name: string; readonly emits: readonly Signal[] }[]
  readonly standing: readonly StalledFunctions[]
  /** Number of firing alerts. */
  readonly firing: number | null
  /** Newest first; null if they could not be read. */
  readonly lastAlerts: readonly AlertSummary[] | null
  /** Number of dead letters that have not been handled. */
  readonly openDeadLetters: number | null
}

export interface ShownTopic {
  readonly signal: Signal
  readonly topic: string
  /** Number of retained records; null if the topic does not exist or the number is unknown. */
  readonly records: number | null
}

export interface ShownConsumer {
  readonly function: string
  readonly topic: string
  /** Signal of the topic; undefined for a topic of another application. */
  readonly signal?: Signal
  readonly group: string
  /** Topics to which the function writes. `failures` is not listed, because all consumers write to it. */
  readonly emits: readonly Signal[]
  /** Number of members of the group; null if unknown, or if the function stores its own offsets. */
  readonly readers: number | null
}

/** Recent samples, oldest first. Each figure has a column of values with the same length as `atMs`. */
export interface History {
  readonly atMs: readonly number[]
  readonly values: Readonly<Record<string, readonly (number | null)[]>>
}
