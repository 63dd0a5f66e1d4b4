/** Waits until consumers have applied an erasure. */

import type { StateInspection } from '../../../packages/runtime/adapters/redis/inspection.ts'
import { type ErasurePlace, type ErasureStatus, erasureStatus } from '../../queries/erasure.ts'

/** Progress of an erasure in one consumer. */
export interface ConsumerErasure {
  readonly consumer: string
  readonly topic: string
  readonly outcome: 'erased' | 'held-nothing' | 'not-yet'
  /** Number of offsets, in all partitions, that the consumer must process before it has applied the erasure. */
  readonly lag: number
  /** Partitions in which the consumer has not applied the erasure yet. */
  readonly pending: readonly number[]
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
export async function untilApplied(
  inspection: Pick<StateInspection, 'summary'>,
  places: readonly ErasurePlace[],
  { timeoutMs, nowMs, pause, stop }: Patience,
  progress: (consumers: readonly ConsumerErasure[]) => void,
): Promise<ConsumerErasure[]> {
  const standings = new Map<ErasurePlace, ErasureStatus>()
  const endMs = nowMs() + timeoutMs
  for (;;) {
    // States that have applied the erasure are not read again. The others are read one after another, because consumers use the
    // same Redis.
    for (const place of places)
      if (standings.get(place)?.kind !== 'applied')
        standings.set(place, await erasureStatus(inspection, place))
    const consumers = byConsumer(standings)
    progress(consumers)
    const isDone = consumers.every(({ outcome }) => outcome !== 'not-yet')
    if (isDone || stop.aborted || nowMs() >= endMs) return consumers
    await pause(Math.min(BETWEEN_LOOKS_MS, endMs - nowMs())).catch(error => {
      if (!stop.aborted) throw error
    })
  }
}

function byConsumer(standings: ReadonlyMap<ErasurePlace, ErasureStatus>): ConsumerErasure[] {
  const groups = Map.groupBy(standings, ([{ consumer, topic }]) => `${consumer} ${topic}`)
  return [...groups.values()].map(own => {
    const [{ consumer, topic }] = own[0] as (typeof own)[0]
    const behind = own.flatMap(([{ partition }, standing]) =>
      standing.kind === 'pending' ? [{ partition, lag: standing.lag }] : [],
    )
    const isErased = own.some(([, standing]) => standing.kind === 'applied' && standing.erased)
    const finished = isErased ? 'erased' : 'held-nothing'
    return {
      consumer,
      topic,
      outcome: behind.length > 0 ? 'not-yet' : finished,
      lag: behind.reduce((sum, { lag }) => sum + lag, 0),
      pending: behind.map(({ partition }) => partition),
    }
  })
}
