/** Maps the stored bytes of a failed record of an input again, with the mappings of now. Pure. */
import { isFailure, parseTime, readEvent } from '#runtime/cloudevents/index.ts'
import {
  type Application,
  type Event,
  type Failure,
  type FailureData,
  type ForeignRecord,
  failure,
  instant,
  omitUndefined,
  originalPosition,
} from '#runtime/consumer/index.ts'
import { CONSUMER_DEFAULTS } from '#runtime/pipeline/consumer.ts'
import type { KeyStrategy } from '../telemetry/key.ts'
import { chooseTarget } from './intake.ts'
import { createRecordReader, type LoadedInputs } from './read-record.ts'

/** Event of a failed record, and where it is appended. */
export interface MappedAgain {
  readonly kind: 'event'
  readonly event: Event
  readonly to: 'readings' | 'events'
  readonly key: string | null
}

/** Decides a failed record as `intake` would, at its original position. The event has the id of that position. */
export function mapAgain(
  failed: FailureData,
  inputs: LoadedInputs,
  readData: Application['readData'],
  keyBy?: KeyStrategy,
): MappedAgain | Failure {
  const record = restoreRecord(failed)
  const sent = readEvent(record)
  if (isFailure(sent) && sent.code !== 'not-a-cloudevent') return sent
  const read = createRecordReader(inputs)(record, isFailure(sent) ? undefined : sent)
  if (isFailure(read)) return read
  const late = findWrongTime(read, failed.originalTimestamp)
  if (late) return late
  const event = { ...read, time: read.time ?? instant(failed.originalTimestamp) }
  // Data with a schema of a registry is passed on as it is, and its consumers read it.
  if (Buffer.isBuffer(event.data)) return { kind: 'event', event, ...chooseTarget(event, 'random') }
  const checked = readData(event)
  return checked.kind === 'failure' ? checked : { kind: 'event', event, ...chooseTarget(event, keyBy) }
}

function restoreRecord(failed: FailureData): ForeignRecord {
  const { topic, partition, offset, log } = originalPosition(failed)
  const bytes = (base64: string | null) => (base64 === null ? null : Buffer.from(base64, 'base64'))
  return {
    topic,
    partition,
    offset,
    ...omitUndefined({ log }),
    timestampMs: failed.originalTimestamp,
    key: bytes(failed.originalKey),
    value: bytes(failed.originalValue),
    headers: failed.originalHeaders.map(({ name, value }) => [name, Buffer.from(value, 'base64')] as const),
  }
}

function findWrongTime({ time }: Event, timestampMs: number): Failure | undefined {
  const timeMs = time === undefined ? timestampMs : parseTime(time)
  const aheadMs = timeMs - timestampMs
  if (aheadMs > CONSUMER_DEFAULTS.futureToleranceMs)
    return failure('time-in-future', `"time" is ${aheadMs} ms later than the record's timestamp`)
  if (timeMs >= CONSUMER_DEFAULTS.earliestTimeMs) return undefined
  return failure('time-too-early', `"time" is before ${instant(CONSUMER_DEFAULTS.earliestTimeMs)}`)
}
