/** Waits until consumers have applied an erasure. */

import type { StateInspection } from '../../../packages/runtime/adapters/redis/inspection.ts'
import { type ErasurePlace, type ErasureStanding, erasureStanding } from '../../queries/erasure.ts'

/** State of an erasure in a consumer. */
export interface ConsumerErasure {
  readonly consumer: string
  readonly topic: string
  readonly outcome: 'erased' | 'held-nothing' | 'not-yet'
  /** Offsets that it has to go until it has applied the erasure, all partitions together. */
  readonly lag: number
  /** The partitions in which it has not applied the erasure. */
  readonly pending: readonly number[]
}

/** How long a wait may take, and its clock. */
export interface Patience {
  readonly timeoutMs: number
  /** Milliseconds of a clock that never goes back. */
  nowMs(): number
  /** Rejects, or resolves early, when the user wants to stop. */
  pause(ms: number): Promise<void>
  readonly stop: AbortSignal
}

const BETWEEN_LOOKS_MS = 500

/**
 * Looks at the partition states until all have come past the erasure, the time is up, or the user wants to stop.
 *
 * @param places of every consumer, in the order of the result
 * @param progress called after each look
 * @throws Unavailable if Redis does not answer
 */
export async function untilApplied(
  inspection: Pick<StateInspection, 'summary'>,
  places: readonly ErasurePlace[],
  { timeoutMs, nowMs, pause, stop }: Patience,
  progress: (consumers: readonly ConsumerErasure[]) => void,
): Promise<ConsumerErasure[]> {
  const standings = new Map<ErasurePlace, ErasureStanding>()
  const endMs = nowMs() + timeoutMs
  for (;;) {
    // Applied erasures are not read again. One question at a time: consumers use this Redis.
    for (const place of places)
      if (standings.get(place)?.kind !== 'applied')
        standings.set(place, await erasureStanding(inspection, place))
    const consumers = byConsumer(standings)
    progress(consumers)
    const isDone = consumers.every(({ outcome }) => outcome !== 'not-yet')
    if (isDone || stop.aborted || nowMs() >= endMs) return consumers
    await pause(Math.min(BETWEEN_LOOKS_MS, endMs - nowMs())).catch(error => {
      if (!stop.aborted) throw error
    })
  }
}

function byConsumer(standings: ReadonlyMap<ErasurePlace, ErasureStanding>): ConsumerErasure[] {
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
