import { endsOf, type WatchedLag } from '../../lib/diagnosis/stalls/progress-watch.ts'
import { pendingBefore } from '../../lib/queries/lag.ts'

/** State of a consumer at the end of a run. */
export interface DrainedConsumer {
  readonly lag: WatchedLag
  /** True if the consumer is stalled. Waiting for it would be pointless. */
  readonly isStalled: boolean
  /** True if a long invocation is running. If it does not end, the consumer soon counts as stalled. */
  readonly isInvoked: boolean
}

/** Returns the topics that a function writes to. */
export type EmittedTopics = (name: string) => readonly string[]

/** Time after which the wait ends if there is no progress and no invocation is running, in milliseconds. */
const WITHOUT_PROGRESS_MS = 60_000
/** Maximum duration of the wait. */
const AT_MOST_MS = 600_000

/**
 * Decides when consumers have processed all records that were in their topics at the end of a run, and all records that resulted
 * from these. Records that arrive later are ignored. Time is passed as an argument.
 *
 * The wait consists of rounds. A round sets goals, the end offsets of topics, and is over when all consumers have committed them.
 * The records that these consumers emitted are then in other topics, for which the next round sets goals.
 */
export class Drain {
  readonly #emits: EmittedTopics
  readonly #startedAtMs: number
  /** End offsets by consumer and partition. */
  readonly #goals = new Map<string, readonly number[]>()
  #round = 0
  /** Topics whose goals the next sample will set. */
  #due: ReadonlySet<string>
  /** Functions that had records to process in this round. */
  #active: readonly string[] = []
  /** Offsets that the consumers had reached at the beginning of the round. */
  #reached: ReadonlyMap<string, number>
  #fewest = Number.POSITIVE_INFINITY
  #progressAtMs: number

  /** Creates the drain. @param lags lags of the last sample before the end */
  constructor(lags: readonly WatchedLag[], emits: EmittedTopics, nowMs: number) {
    this.#emits = emits
    this.#due = new Set(lags.map(({ topic }) => topic))
    this.#reached = reachedBy(lags)
    this.#startedAtMs = nowMs
    this.#progressAtMs = nowMs
  }

  /** Returns the number of records that a consumer must still process to reach its goal. */
  left(lag: WatchedLag): number {
    return pendingBefore(lag, this.#goals.get(keyOf(lag)) ?? endsOf(lag))
  }

  /**
   * Handles a sample of all consumers. Returns true if the wait is over.
   *
   * @param isSettled false if a stall is so recent that it may end without intervention
   */
  isOver(consumers: readonly DrainedConsumer[], isSettled: boolean, nowMs: number): boolean {
    if (this.#due.size > 0) this.#beginRound(consumers, nowMs)
    const awaited = consumers.filter(({ lag, isStalled }) => !isStalled && this.left(lag) > 0)
    if (awaited.length === 0 && isSettled) return this.#endRound(consumers)
    const count = awaited.reduce((sum, { lag }) => sum + this.left(lag), 0)
    if (count < this.#fewest || awaited.some(({ isInvoked }) => isInvoked)) this.#progressAtMs = nowMs
    this.#fewest = Math.min(this.#fewest, count)
    return nowMs - this.#progressAtMs >= WITHOUT_PROGRESS_MS || nowMs - this.#startedAtMs >= AT_MOST_MS
  }

  #beginRound(consumers: readonly DrainedConsumer[], nowMs: number): void {
    const lags = consumers.map(({ lag }) => lag)
    const concerned = lags.filter(({ topic }) => this.#due.has(topic))
    for (const lag of concerned) this.#goals.set(keyOf(lag), endsOf(lag))
    const now = reachedBy(lags)
    // A consumer that has caught up since the previous round may also have emitted records.
    this.#active = concerned
      .filter(lag => lag.pending > 0 || now.get(keyOf(lag)) !== this.#reached.get(keyOf(lag)))
      .map(lag => lag.function)
    this.#reached = now
    this.#due = new Set()
    this.#round += 1
    this.#fewest = Number.POSITIVE_INFINITY
    this.#progressAtMs = nowMs
  }

  /** Ends a round. Returns true if it was the last one. */
  #endRound(consumers: readonly DrainedConsumer[]): boolean {
    const read = new Set(consumers.map(({ lag }) => lag.topic))
    this.#due = new Set(this.#active.flatMap(this.#emits).filter(topic => read.has(topic)))
    // More rounds are unnecessary, because no path that visits each consumer at most once is longer.
    return this.#due.size === 0 || this.#round >= consumers.length
  }
}

/** Returns the sum of the next offsets of all partitions, by consumer. */
function reachedBy(lags: readonly WatchedLag[]): ReadonlyMap<string, number> {
  return new Map(
    lags.map(lag => [keyOf(lag), lag.partitions.reduce((sum, { next }) => sum + next, 0)] as const),
  )
}

function keyOf({ function: name, topic }: WatchedLag): string {
  return `${name}|${topic}`
}
