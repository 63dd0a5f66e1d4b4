import { type ConsumerLag, pendingBefore, type ReadTopic } from '../../queries/lag.ts'
import { type ConsumerCondition, conditionOf, type RunningInvocation } from './condition.ts'

/** A topic that a function reads, and its batching. */
export interface BatchedTopic extends ReadTopic {
  /** Maximum wait for a batch to fill. */
  readonly windowMs: number
}

/** Progress of a consumer. */
export type WatchedLag = BatchedTopic & ConsumerLag

export interface ProgressWatchOptions {
  /** Time between two looks. */
  readonly lookEveryMs: number
  /** A consumer with pending records may be idle for this long, in addition to its batching window. */
  readonly quietMs: number
}

/** Records that wait longer than this, in addition to the batching window, make a consumer busy. */
const BEHIND_AFTER_MS = 10_000
/** A look that takes more than twice the usual time is late. */
const LATE = 2

interface Look {
  readonly atMs: number
  readonly lag: WatchedLag
}

interface Watched {
  /** Oldest first. The first one is the newest of those that are old enough to compare with. */
  readonly looks: readonly [Look, ...Look[]]
  readonly reached: number
  /** Observed time since it was reached. */
  readonly idleMs: number
}

/** Observes the progress of consumers over time. */
export class ProgressWatch {
  readonly #options: ProgressWatchOptions
  readonly #watched = new Map<string, Watched>()

  constructor(options: ProgressWatchOptions) {
    this.#options = options
  }

  /** Handles a look at a consumer. */
  look(lag: WatchedLag, nowMs: number, invocation?: RunningInvocation): ConsumerCondition {
    const { function: name, topic, windowMs, pending, partitions } = lag
    const key = `${name}|${topic}`
    const before = this.#watched.get(key)
    const reached = partitions.reduce((total, { next }) => total + next, 0)
    const isIdle = pending > 0 && before?.reached === reached
    const looks = recent([...(before?.looks ?? []), { atMs: nowMs, lag }], nowMs - BEHIND_AFTER_MS - windowMs)
    const idleMs = isIdle ? before.idleMs + this.#observed(before, nowMs) : 0
    this.#watched.set(key, { looks, reached, idleMs })
    const [{ atMs, lag: earlier }] = looks
    const isOldEnough = nowMs - atMs >= BEHIND_AFTER_MS + windowMs
    return conditionOf({
      pending,
      earlierPending: earlier.pending,
      overdue: isOldEnough ? pendingBefore(lag, endsOf(earlier)) : 0,
      idleMs,
      quietMs: this.#options.quietMs + windowMs,
      invocation,
    })
  }

  /** Restarts all measurements, because progress could not be observed. */
  forget(): void {
    this.#watched.clear()
  }

  /** If looks are late, the machine has no time for this process, and probably not for the consumer: that time does not count. */
  #observed({ looks }: Watched, nowMs: number): number {
    const sinceMs = nowMs - (looks.at(-1)?.atMs ?? nowMs)
    return Math.min(sinceMs, LATE * this.#options.lookEveryMs)
  }
}

/** End offsets, by partition. */
export function endsOf({ partitions }: ConsumerLag): number[] {
  const ends: number[] = []
  for (const { partition, end } of partitions) ends[partition] = end
  return ends
}

/** Drops all but one of the looks before `untilMs`. */
function recent(looks: readonly Look[], untilMs: number): [Look, ...Look[]] {
  const first = Math.max(
    0,
    looks.findLastIndex(({ atMs }) => atMs <= untilMs),
  )
  return looks.slice(first) as [Look, ...Look[]]
}
