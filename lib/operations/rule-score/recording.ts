/** Reads the readings of a recording, in the order in which a log would have received them. */

import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { entityOf } from '../../../packages/runtime/consumer/event.ts'
import type { DataReader } from '../../../packages/runtime/pipeline/ports.ts'
import { familyOf } from '../../telemetry/families.ts'
import { OperationFailure } from '../failure.ts'
import { plainGroup } from '../replay/plain.ts'
import type { Source } from '../replay/source.ts'
import type { Arrival } from '../rule-log/arrivals.ts'

export interface RecordedReading extends Arrival {
  /** Source and subject, separated by a space. */
  readonly entity: string
  /** Line number in a stream, or number in a batch, counted from 1. */
  readonly line: number
  /** Event time, in milliseconds since the epoch. */
  readonly timeMs: number
}

export interface Recording {
  readonly readings: readonly RecordedReading[]
  /** Number of events that are not readings. */
  readonly others: number
}

/**
 * Reads a recording.
 *
 * @param reader reader for data that is not JSON
 * @throws OperationFailure if the recording has no readings, has a reading without a time, or covers more
 * than ten years
 */
export async function readRecording(source: Source, reader?: DataReader): Promise<Recording> {
  const readings: RecordedReading[] = []
  const latest = new Map<string, number>()
  let others = 0
  for await (const group of source.read())
    for (const { event, eventMs, line } of reader ? await plainGroup(group, reader) : group) {
      if (event === undefined || familyOf(event.type) === undefined) {
        others += 1
        continue
      }
      if (eventMs === undefined)
        throw new OperationFailure(`${source.name}:${line}: a reading without a time cannot be scored`)
      readings.push(arrivalOf(event, eventMs, line, latest))
    }
  if (readings.length === 0)
    throw new OperationFailure(`${source.name}: has no readings, so there is nothing to score`)
  // Sorting is stable: readings with the same time of arrival keep their order.
  readings.sort((a, b) => a.arrivedMs - b.arrivedMs)
  requirePlausible(readings, source.name)
  return { readings, others }
}

/**
 * Maximum duration of a recording. The clock ticks throughout, so a single wrong time could make the
 * evaluation take hours.
 */
const MAX_MS = 10 * 366 * 86_400_000

function requirePlausible(readings: readonly RecordedReading[], file: string): void {
  const [first] = readings
  const late = readings.find(({ arrivedMs }) => first && arrivedMs - first.arrivedMs > MAX_MS)
  if (first === undefined || late === undefined) return
  throw new OperationFailure(
    `${file}:${late.line}: this reading is more than ten years after the first one, of line ${first.line}: correct the time that is wrong`,
  )
}

/**
 * Returns the reading with its time of arrival, which is its event time. If a newer reading of its entity
 * precedes it in the file, it arrives late, together with that one. Entities are merged by time, because a
 * file may contain them one after another.
 */
function arrivalOf(event: Event, timeMs: number, line: number, latest: Map<string, number>): RecordedReading {
  const entity = entityOf(event)
  const arrivedMs = Math.max(timeMs, latest.get(entity) ?? timeMs)
  latest.set(entity, arrivedMs)
  return { event, entity, line, timeMs, arrivedMs }
}
