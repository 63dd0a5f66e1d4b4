/** Readings, and a dead letter for each of them, as a consumer and the dlq-router write them. */
import { topicName } from '../../lib/app/topics.ts'
import { DEAD_LETTER_TYPE } from '../../lib/failures/event-types.ts'
import type { DeadLetter } from '../../lib/failures/process.ts'
import { dataschemaOf } from '../../lib/telemetry/dataschema.ts'
import { bufferOf } from '../../packages/runtime/cloudevents/header-bytes.ts'
import { type OutgoingRecord, sizeOf } from '../../packages/runtime/cloudevents/record.ts'
import { producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import { failureId } from '../../packages/runtime/consumer/failure-event.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { Publisher } from '../../packages/runtime/pipeline/ports.ts'

const SENSORS = 500
const START_MS = Date.parse('2026-03-01T12:00:00Z')
const PARTITIONS = 12

/** Fills readings with records, and dlq with a dead letter for each. */
export async function filled(publisher: Publisher, env: string, count: number): Promise<void> {
  for (const request of requests(readings(env, count))) await publisher.publish(request)
  for (const request of requests(deadLetters(env, count))) await publisher.publish(request)
}

function* readings(env: string, count: number): Generator<OutgoingRecord & { partition: number }> {
  for (let number = 0; number < count; number++)
    yield reading(topicName('readings', env), (number % SENSORS) % PARTITIONS, number)
}

function* deadLetters(env: string, count: number): Generator<OutgoingRecord> {
  const offsets = Array.from({ length: PARTITIONS }, () => 0)
  for (const record of readings(env, count)) {
    const offset = offsets[record.partition] as number
    offsets[record.partition] = offset + 1
    yield deadLetterOf(topicName('dlq', env), { ...record, offset })
  }
}

function reading(topic: string, partition: number, number: number): OutgoingRecord & { partition: number } {
  const sensorId = `sensor-${number % SENSORS}`
  const location = { site: 'vienna', latitude: 48.2082, longitude: 16.3738 }
  const measured = { temperature: 20 + (number % 70) / 10, humidity: 40.5, pressure: 1013.2, windSpeed: 12.4 }
  const type = 'io.sluice.environment.reading.v1'
  const event = {
    id: `reading-${number}`,
    source: '/environment/vienna',
    type,
    subject: sensorId,
    time: instant(START_MS + number),
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(type),
    data: { sensorId, ...measured, location, status: 'ok' },
  }
  return { ...producedRecord(topic, sensorId, event), partition }
}

function deadLetterOf(
  dlq: string,
  record: OutgoingRecord & { partition: number; offset: number },
): OutgoingRecord {
  const { topic, partition, offset, key, value, headers } = record
  const consumer = 'processor'
  const failedAt = instant(START_MS + offset)
  const data: DeadLetter = {
    originalTopic: topic,
    originalPartition: partition,
    originalOffset: offset,
    originalTimestamp: START_MS + offset,
    originalKey: key?.toString('base64') ?? null,
    originalValue: value?.toString('base64') ?? null,
    originalHeaders: headers.map(([name, bytes]) => ({ name, value: bufferOf(bytes).toString('base64') })),
    error: 'the step of the process has thrown: TypeError',
    errorType: 'unexpected-error',
    consumer,
    attempt: 1,
    firstFailedAt: failedAt,
    failedAt,
    history: [],
    omitted: [],
    parks: false,
    class: 'unexpected',
    routedBecause: 'the process has thrown',
    quarantined: false,
  }
  const event = {
    id: failureId(consumer, { topic, partition, offset }),
    source: `/consumers/${consumer}`,
    type: DEAD_LETTER_TYPE,
    time: failedAt,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(DEAD_LETTER_TYPE),
    data,
  }
  return { ...producedRecord(dlq, null, event), key }
}

/** Requests of the size that a publisher sends at once. */
function* requests(records: Iterable<OutgoingRecord>): Generator<readonly OutgoingRecord[]> {
  let request: OutgoingRecord[] = []
  let bytes = 0
  for (const record of records) {
    request.push(record)
    bytes += sizeOf(record)
    if (bytes < 800 * 1024) continue
    yield request
    request = []
    bytes = 0
  }
  if (request.length > 0) yield request
}
