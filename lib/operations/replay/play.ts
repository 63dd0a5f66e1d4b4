/** Replays a recording from its beginning to its end, at a given speed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'
import { departing } from './departures.ts'
import type { Addressing } from './outgoing.ts'
import { pacer } from './pace.ts'
import { publishAll, type ReplayCounts, requests } from './publish.ts'
import { type OnInvalid, readRecorded } from './recorded.ts'
import { selected, survey } from './selection.ts'
import { sequence } from './sequence.ts'
import { shiftFor } from './shift.ts'

export interface Playing {
  readonly name: string
  /** Opens the recording. It is called twice, because the recording is read twice. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** Speed relative to the recording; `Infinity` replays as fast as possible. */
  readonly speed: number
  /**
   * True to shift the events in time and give them new ids. Their times are then as close to the current time as consumers accept.
   */
  readonly shiftToNow: boolean
  readonly addressing: Omit<Addressing, 'shiftMs'>
  readonly publisher: Publisher
  /** Maximum time, in milliseconds, by which an event may be early. Consumers reject events that are even earlier. */
  readonly futureToleranceMs: number
  readonly nowMs: () => number
  readonly stop: AbortSignal
}

/** Progress of a replay. It is updated during the replay. */
export interface PlayCounts extends ReplayCounts {
  /** Total number of items; undefined until the recording has been read completely for the first time. */
  total: number | undefined
}

const ALL = Number.POSITIVE_INFINITY
const WHOLE = { fromLine: 1, filters: [] }

export function noneYet(): PlayCounts {
  return { total: undefined, attempted: 0, acknowledged: 0, nextLine: 1, ahead: 0 }
}

/**
 * Replays the recording.
 *
 * @param counts counts created by `noneYet`, which are updated
 * @throws the signal's reason if the signal is aborted
 * @throws OperationFailure if the recording cannot be read
 * @throws see `Publisher.publish`
 */
export async function play(playing: Playing, counts: PlayCounts): Promise<void> {
  const { name, open, speed, publisher, futureToleranceMs, nowMs, stop } = playing
  const read = (onInvalid?: OnInvalid) => readRecorded(open(), name, onInvalid)
  const { extent, count } = await survey(read(), WHOLE, { limit: ALL, forMs: ALL })
  stop.throwIfAborted()
  counts.total = count
  const shiftMs = playing.shiftToNow && extent ? shiftFor('now', extent, speed, nowMs()) : undefined
  const addressing = { ...playing.addressing, ...(shiftMs === undefined ? {} : { shiftMs }) }
  const limits = { loop: 1, periodMs: 0, limit: ALL, forMs: ALL, skip: 0 }
  const items = sequence(() => selected(read(), WHOLE), limits)
  const startedMs = performance.now()
  const stopwatch = {
    elapsedMs: () => performance.now() - startedMs,
    wait: (ms: number) => sleep(ms, undefined, { signal: stop }),
  }
  const due = requests(departing(items, addressing, stop), pacer(speed), stopwatch)
  await publishAll(due, publisher, counts, { futureToleranceMs, nowMs })
}
