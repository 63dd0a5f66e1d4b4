/** Reads the readings of a recording, in the order in which they would arrive in a log. */

import { isFailure, type LogRecord, writeEvent } from '#runtime/cloudevents'
import { type Event, formatEntity, instant } from '#runtime/consumer'
import { type DataReader, MAX_STEP_MS, plainEvents, Unavailable } from '#runtime/pipeline'
import { OperationFailure } from '../../../lib/support/operation-failure.ts'
import { type Families, tick } from '../../../lib/telemetry/index.ts'
import type { Recorded } from '../../recordings/replay/recorded-items.ts'
import type { Source } from '../../recordings/replay/recording-file.ts'

/** Event with its time of arrival. */
export interface Arrival {
  /** Arrival time in milliseconds since the epoch. It is never before the previous arrival. */
  readonly arrivedMs: number
  readonly event: Event
}

interface RecordedReading extends Arrival {
  /** Number of the line, or number of the record in a batch, counted from 1. */
  readonly line: number
}

/**
 * Reads the readings of a recording.
 *
 * @param families families of the readings
 * @param reader decoder for data that is not JSON
 * @throws OperationFailure if the recording contains no readings, a reading without a time, or more than ten years
 */
export async function readRecording(
  families: Families,
  source: Source,
  reader?: DataReader,
): Promise<readonly Arrival[]> {
  const readings: RecordedReading[] = []
  const latest = new Map<string, number>()
  for await (const group of source.read())
    for (const { event, eventMs, line } of reader ? await decodeGroup(group, reader) : group) {
      if (event === undefined || families.findByType(event.type) === undefined) continue
      if (eventMs === undefined)
        throw new OperationFailure(`${source.name}:${line}: a reading without a time cannot be tried`)
      readings.push(toArrival(event, eventMs, line, latest))
    }
  if (readings.length === 0)
    throw new OperationFailure(
      `${source.name}: has no readings, so there is nothing to try; \`sluice import\` converts records of other formats`,
    )
  // Sorting is stable, so readings with the same arrival time keep their order.
  readings.sort((a, b) => a.arrivedMs - b.arrivedMs)
  requirePlausible(readings, source.name)
  return readings
}

/**
 * Maximum duration of a recording. Ticks are added for the whole duration, so a single wrong time could make the evaluation take
 * hours.
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
 * Returns the reading with its arrival time. This is the event time, unless a newer reading of the entity precedes it in the file.
 * In that case, both arrive at the same time. Entities are compared separately, because a file may contain them one after another.
 */
function toArrival(event: Event, timeMs: number, line: number, latest: Map<string, number>): RecordedReading {
  const entity = formatEntity(event)
  const arrivedMs = Math.max(timeMs, latest.get(entity) ?? timeMs)
  latest.set(entity, arrivedMs)
  return { event, line, arrivedMs }
}

/**
 * Yields batches of arrivals, with ticks between them, even between frequent readings. Without ticks, `alerting` would report that
 * the clock has stopped. The interval of ticks is the maximum that the clock counts in full. A shorter interval would not change the
 * result, because a timer reports the time at which it was due.
 */
export function* batchArrivals(
  arrivals: Iterable<Arrival>,
  startMs: number,
  length: number,
): Generator<Arrival[]> {
  let batch: Arrival[] = []
  for (const arrival of addTicks(arrivals, startMs)) {
    batch.push(arrival)
    if (batch.length < length) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function* addTicks(arrivals: Iterable<Arrival>, startMs: number): Generator<Arrival> {
  let tickMs = startMs + MAX_STEP_MS
  for (const arrival of arrivals) {
    for (; tickMs <= arrival.arrivedMs; tickMs += MAX_STEP_MS)
      yield { arrivedMs: tickMs, event: tick(0, instant(tickMs)) }
    yield arrival
  }
}

/**
 * Returns the events of a group with decoded data. If the data cannot be decoded, the event is returned unchanged.
 *
 * @throws OperationFailure if the schema registry is needed and does not answer
 */
async function decodeGroup(group: readonly Recorded[], reader: DataReader): Promise<readonly Recorded[]> {
  const serialized = group.filter(({ event }) => Buffer.isBuffer(event?.data))
  if (serialized.length === 0) return group
  const records = serialized.map(({ record, event }) => record ?? toLogRecord(event as Event))
  const events = await plainEvents(records, reader).catch(error => {
    if (!(error instanceof Unavailable)) throw error
    throw new OperationFailure(`The recording cannot be read: ${error.message}`, { cause: error })
  })
  const read = new Map(serialized.map((record, index) => [record, events[index]]))
  return group.map(record => {
    const event = read.get(record)
    return event === undefined || isFailure(event) ? record : { ...record, event }
  })
}

/** Returns a placeholder record for an event from a stream. The decoder needs a record, but only uses its bytes. */
function toLogRecord(event: Event): LogRecord {
  const place = { topic: '', partition: -1, offset: -1, timestampMs: 0, key: null }
  return { ...place, ...writeEvent(event, 'structured') }
}
