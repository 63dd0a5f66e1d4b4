import { endsOf, type WatchedLag } from '../../lib/diagnosis/stalls/progress-watch.ts'
import { pendingBefore } from '../../lib/queries/lag.ts'

/** A consumer at the end of a run. */
export interface DrainedConsumer {
  readonly lag: WatchedLag
  /** Whether it is stalled, so that waiting for it is pointless. */
  readonly isStalled: boolean
  /** A long invocation of it runs. If nothing ends that, the consumer is stalled before long. */
  readonly isInvoked: boolean
}

/** Returns the topics that a function writes. */
export type EmittedTopics = (name: string) => readonly string[]

/** The wait ends if the remaining records do not become fewer for this long, and no invocation runs. */
const WITHOUT_PROGRESS_MS = 60_000
/** The wait ends after this time in any case. */
const AT_MOST_MS = 600_000

/**
 * Decides when the consumers have processed everything that was in their topics at the end of a run, and what followed
 * from it. Other records that arrive meanwhile are not waited for. It reads no clock.
 *
 * It proceeds in rounds. A round sets goals, the end offsets of topics, and is over when all consumers have committed
 * them. Whatever these consumers emitted is in other topics by then, so the next round sets the goals of those.
 */
export class Drain {
  readonly #emits: EmittedTopics
  readonly #startedAtMs: number
  /** End offsets, by consumer and partition. */
  readonly #goals = new Map<string, readonly number[]>()
  #round = 0
  /** Topics whose goals are set by the next look. */
  #due: ReadonlySet<string>
  /** Functions that had something to process in this round. */
  #active: readonly string[] = []
  /** Offsets that the consumers had reached when the round began. */
  #reached: ReadonlyMap<string, number>
  #fewest = Number.POSITIVE_INFINITY
  #progressAtMs: number

  /** @param lags the lags of the look before the end */
  constructor(lags: readonly WatchedLag[], emits: EmittedTopics, nowMs: number) {
    this.#emits = emits
    this.#due = new Set(lags.map(({ topic }) => topic))
    this.#reached = reachedBy(lags)
    this.#startedAtMs = nowMs
    this.#progressAtMs = nowMs
  }

  /** Records before the goal of a consumer. */
  left(lag: WatchedLag): number {
    return pendingBefore(lag, this.#goals.get(keyOf(lag)) ?? endsOf(lag))
  }

  /**
   * Handles a look at all consumers. Returns whether the wait is over.
   *
   * @param isSettled false if a stall is so new that it may end by itself
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
    // One that has caught up since the round before may have emitted something, too.
    this.#active = concerned
      .filter(lag => lag.pending > 0 || now.get(keyOf(lag)) !== this.#reached.get(keyOf(lag)))
      .map(lag => lag.function)
    this.#reached = now
    this.#due = new Set()
    this.#round += 1
    this.#fewest = Number.POSITIVE_INFINITY
    this.#progressAtMs = nowMs
  }

  /** Returns whether it was the last round. */
  #endRound(consumers: readonly DrainedConsumer[]): boolean {
    const read = new Set(consumers.map(({ lag }) => lag.topic))
    this.#due = new Set(this.#active.flatMap(this.#emits).filter(topic => read.has(topic)))
    // A path that visits no consumer twice is not longer.
    return this.#due.size === 0 || this.#round >= consumers.length
  }
}

/** The sum of the offsets that each consumer takes next. */
function reachedBy(lags: readonly WatchedLag[]): ReadonlyMap<string, number> {
  return new Map(
    lags.map(lag => [keyOf(lag), lag.partitions.reduce((sum, { next }) => sum + next, 0)] as const),
  )
}

function keyOf({ function: name, topic }: WatchedLag): string {
  return `${name}|${topic}`
}
