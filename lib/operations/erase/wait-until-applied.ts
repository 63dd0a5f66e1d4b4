/** Waits until consumers have applied an erasure. */

import type { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import type { StateKey } from '#runtime/pipeline/model/index.ts'

/** Position of an erasure in the log of a consumer. */
export interface ErasurePlace extends StateKey {
  readonly offset: number
}

/** Progress of an erasure in one consumer. */
export interface ConsumerErasure {
  readonly consumer: string
  readonly topic: string
  readonly outcome: 'applied' | 'not-yet'
  /** Number of offsets, in all partitions, that the consumer must process before it has applied the erasure. */
  readonly lag: number
}

/** Timeout of a wait, with its clock. */
export interface Patience {
  readonly timeoutMs: number
  /** Returns the time of a monotonic clock, in milliseconds. */
  nowMs(): number
  /** Waits for a short time. If the user stops the wait, the promise rejects or resolves early. */
  pause(ms: number): Promise<void>
  readonly stop: AbortSignal
}

const BETWEEN_LOOKS_MS = 500

/**
 * Polls the partition states until all have applied the erasure, the timeout is exceeded, or the user stops the wait.
 *
 * @param places positions of the erasure for each consumer, in the order of the result
 * @param progress called after each poll
 * @throws Unavailable if Redis does not answer
 */
export async function waitUntilApplied(
  inspection: Pick<StateInspection, 'summary'>,
  places: readonly ErasurePlace[],
  { timeoutMs, nowMs, pause, stop }: Patience,
  progress: (consumers: readonly ConsumerErasure[]) => void,
): Promise<ConsumerErasure[]> {
  const lags = new Map<ErasurePlace, number>()
  const endMs = nowMs() + timeoutMs
  for (;;) {
    // States that have applied the erasure are not read again. The others are read one after another, because consumers use the
    // same Redis.
    for (const place of places)
      if (lags.get(place) !== 0) {
        const { appliedOffset } = await inspection.summary(place)
        lags.set(place, Math.max(0, place.offset - appliedOffset))
      }
    const consumers = groupByConsumer(lags)
    progress(consumers)
    const isDone = consumers.every(({ outcome }) => outcome !== 'not-yet')
    if (isDone || stop.aborted || nowMs() >= endMs) return consumers
    await pause(Math.min(BETWEEN_LOOKS_MS, endMs - nowMs())).catch(error => {
      if (!stop.aborted) throw error
    })
  }
}

/** Returns the progress, such as `waiting for processor (lag 12), activity (lag 3)`. */
export function formatWaiting(consumers: readonly ConsumerErasure[]): string {
  const behind = consumers.filter(({ outcome }) => outcome === 'not-yet')
  if (behind.length === 0)
    return consumers.length === 0 ? 'waiting for the consumers' : 'applied by every consumer'
  return `waiting for ${behind.map(({ consumer, lag }) => `${consumer} (lag ${lag})`).join(', ')}`
}

function groupByConsumer(lags: ReadonlyMap<ErasurePlace, number>): ConsumerErasure[] {
  const groups = Map.groupBy(lags, ([{ consumer, topic }]) => `${consumer} ${topic}`)
  return [...groups.values()].map(own => {
    const [{ consumer, topic }] = own[0] as (typeof own)[0]
    const lag = own.reduce((sum, [, each]) => sum + each, 0)
    return { consumer, topic, outcome: lag > 0 ? 'not-yet' : 'applied', lag }
  })
}
