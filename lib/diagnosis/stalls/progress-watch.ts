import { type ConsumerLag, pendingBefore, type ReadTopic } from '../../queries/lag.ts'
import { type ConsumerCondition, conditionOf, type RunningInvocation } from './condition.ts'

/** Topic that a function reads, with its batching window. */
export interface BatchedTopic extends ReadTopic {
  /** Maximum time to wait for a full batch, in milliseconds. */
  readonly windowMs: number
}

/** Progress of a consumer. */
export type WatchedLag = BatchedTopic & ConsumerLag

export interface ProgressWatchOptions {
  /** Time between two observations, in milliseconds. */
  readonly lookEveryMs: number
  /** Time in milliseconds, in addition to the batching window, for which a consumer with pending records may be idle. */
  readonly quietMs: number
}

/**
 * Time after which a consumer without an invocation counts as stalled, in milliseconds. It is longer than harmless pauses, such as
 * a rebalance of the consumer group.
 */
export const QUIET_MS = 30_000
/** Age of pending records above which a consumer is considered busy, in milliseconds. The batching window is added. */
const BEHIND_AFTER_MS = 10_000
/** Factor of the usual interval above which an observation is considered late. */
const LATE = 2

interface Look {
  readonly atMs: number
  readonly lag: WatchedLag
}

interface Watched {
  /** Observations, oldest first. The first one is the newest that is old enough for a comparison. */
  readonly looks: readonly [Look, ...Look[]]
  readonly reached: number
  /** Observed time since `reached` last changed, in milliseconds. */
  readonly idleMs: number
}

/** Tracks the progress of consumers over time. */
export class ProgressWatch {
  readonly #options: ProgressWatchOptions
  readonly #watched = new Map<string, Watched>()

  constructor(options: ProgressWatchOptions) {
    this.#options = options
  }

  /** Processes an observation of a consumer, and returns its condition. */
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

  /** Discards all measurements, because progress could not be observed for some time. */
  forget(): void {
    this.#watched.clear()
  }

  /**
   * Returns how much of the time since the last observation counts. Late observations indicate an overloaded machine, on which
   * consumers are slow as well. Time beyond the limit is ignored.
   */
  #observed({ looks }: Watched, nowMs: number): number {
    const sinceMs = nowMs - (looks.at(-1)?.atMs ?? nowMs)
    return Math.min(sinceMs, LATE * this.#options.lookEveryMs)
  }
}

/** Returns the end offsets by partition. */
export function endsOf({ partitions }: ConsumerLag): number[] {
  const ends: number[] = []
  for (const { partition, end } of partitions) ends[partition] = end
  return ends
}

/** Removes all observations before `untilMs`, except the last of them. */
function recent(looks: readonly Look[], untilMs: number): [Look, ...Look[]] {
  const first = Math.max(
    0,
    looks.findLastIndex(({ atMs }) => atMs <= untilMs),
  )
  return looks.slice(first) as [Look, ...Look[]]
}
