/** Shapes of the overview. */
import type { Signal } from '../../../lib/app/topics.ts'
import type { StalledFunctions } from '../../../lib/diagnosis/stalls/standing-still.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'

/** Figures by name; null where one could not be known. */
export type Values = Readonly<Record<string, number | null>>

/** The environment at one moment. */
export interface Overview {
  /** Milliseconds since the epoch: when it was looked at. */
  readonly atMs: number
  /** Why a server could not be asked; null where it answers. */
  readonly servers: { readonly kafka: string | null; readonly redis: string | null }
  /**
   * A second, over the last ten seconds: `in`, `applied`, `duplicates`, `failed`, `alerts`, `letters`, `topic/SIGNAL`, and
   * `rate/CONSUMER/TOPIC`. Now: `lag/CONSUMER/TOPIC` in records and `wait/CONSUMER/TOPIC` in seconds.
   */
  readonly values: Values
  /** Since there is anything: how many readings were applied, were duplicates, and failed. */
  readonly totals: Values
  readonly topics: readonly ShownTopic[]
  readonly consumers: readonly ShownConsumer[]
  /** Functions that write without reading. */
  readonly producers: readonly { readonly name: string; readonly emits: readonly Signal[] }[]
  readonly standing: readonly StalledFunctions[]
  /** How many alerts fire now. */
  readonly firing: number | null
  /** The newest first; null if they could not be read. */
  readonly lastAlerts: readonly AlertSummary[] | null
  /** How many dead letters wait for people. */
  readonly openDeadLetters: number | null
}

export interface ShownTopic {
  readonly signal: Signal
  readonly topic: string
  /** Number of records that are kept; null if the topic does not exist, or the number is unknown. */
  readonly records: number | null
}

export interface ShownConsumer {
  readonly function: string
  readonly topic: string
  /** Signal of the topic; undefined for a foreign one. */
  readonly signal?: Signal
  readonly group: string
  /** Where it writes; failures are implied. */
  readonly emits: readonly Signal[]
  /** Number of members of its group; null if unknown, or if its position is an offset of its own. */
  readonly readers: number | null
}

/** The recent past, the oldest first: a column of values for each name, as long as `atMs`. */
export interface History {
  readonly atMs: readonly number[]
  readonly values: Readonly<Record<string, readonly (number | null)[]>>
}
