/** The readings of a recording, in the order in which a log would have received them. */

import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { entityOf } from '../../../packages/runtime/consumer/event.ts'
import type { DataReader } from '../../../packages/runtime/pipeline/ports.ts'
import { familyOf } from '../../telemetry/families.ts'
import { OperationFailure } from '../failure.ts'
import { plainGroup } from '../replay/plain.ts'
import type { Source } from '../replay/source.ts'
import type { Arrival } from '../rule-log/arrivals.ts'

export interface RecordedReading extends Arrival {
  /** Source and subject. */
  readonly entity: string
  /** Line in a stream, or number in a batch; from 1. */
  readonly line: number
  /** Milliseconds since the epoch. */
  readonly timeMs: number
}

export interface Recording {
  readonly readings: readonly RecordedReading[]
  /** Events that are not readings. */
  readonly others: number
}

/**
 * @param reader for data that is not JSON
 * @throws OperationFailure if it has no reading, or one without time, or covers more than ten years
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
  // Sorting is stable: readings that arrive at one instant keep their order.
  readings.sort((a, b) => a.arrivedMs - b.arrivedMs)
  requirePlausible(readings, source.name)
  return { readings, others }
}

/** The clock runs on in between, so one wrong time could keep it ticking for hours. */
const MAX_MS = 10 * 366 * 86_400_000

function requirePlausible(readings: readonly RecordedReading[], file: string): void {
  const [first] = readings
  const late = readings.find(({ arrivedMs }) => first && arrivedMs - first.arrivedMs > MAX_MS)
  if (first === undefined || late === undefined) return
  throw new OperationFailure(
    `${file}:${late.line}: this reading is more than ten years after the first one, of line ${first.line}: one of the two times is wrong`,
  )
}

/**
 * A reading arrives at its time or, after a newer one of its entity in the file, late, with that one. Entities are merged by
 * time, because a file may hold them one after another.
 */
function arrivalOf(event: Event, timeMs: number, line: number, latest: Map<string, number>): RecordedReading {
  const entity = entityOf(event)
  const arrivedMs = Math.max(timeMs, latest.get(entity) ?? timeMs)
  latest.set(entity, arrivedMs)
  return { event, entity, line, timeMs, arrivedMs }
}
