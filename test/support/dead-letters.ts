import type { LogRecord } from '#runtime/cloudevents'
import { type FoundDeadLetter, readDlqRecord } from '../../lib/failures/dlq-record.ts'

export const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Failure of the record at offset 186. */
export const FAILURE = {
  originalTopic: 'sluice.telemetry.readings.local',
  originalPartition: 9,
  originalOffset: 186,
  originalTimestamp: Date.parse('2026-03-01T12:00:00Z'),
  originalKey: base64('roof-1'),
  originalValue: base64('{"sensorId":"roof-1","temperature":"28"}'),
  originalHeaders: [
    ['content-type', 'application/json'],
    ['ce_specversion', '1.0'],
    ['ce_id', '1'],
    ['ce_source', '/environment/vienna'],
    ['ce_type', 'io.sluice.environment.reading.v1'],
    ['ce_subject', 'roof-1'],
  ].map(([name = '', value = '']) => ({ name, value: base64(value) })),
  error: 'temperature must be number',
  errorType: 'schema-violated',
  consumer: 'processor',
  attempt: 1,
  firstFailedAt: '2026-03-01T12:00:00.000Z',
  failedAt: '2026-03-01T12:00:00.000Z',
  history: [],
  omitted: [],
  parks: false,
}

const DEAD_LETTER = {
  ...FAILURE,
  class: 'permanent',
  routedBecause: 'the data does not match the schema of its event type',
  quarantined: false,
}

/** Returns a record of the dlq topic, at offset 17 of partition 2. */
export function deadLetterRecord(
  changes: object = {},
  type = 'io.sluice.dead-letter.v1',
  id = 'x1',
): LogRecord {
  return dlqRecord(type, { ...DEAD_LETTER, ...changes }, id)
}

/** Returns a record of the dlq topic that marks dead letters as handled. */
export function handledRecord(data: object): LogRecord {
  return dlqRecord('io.sluice.dead-letters.handled.v1', data)
}

function dlqRecord(type: string, data: object, id = 'x1'): LogRecord {
  const event = { specversion: '1.0', id, source: '/consumers/dlq-router', type, data }
  return {
    topic: 'sluice.telemetry.dlq.local',
    partition: 2,
    offset: 17,
    timestampMs: 0,
    key: null,
    value: Buffer.from(JSON.stringify(event)),
    headers: [['content-type', Buffer.from('application/cloudevents+json')]],
  }
}

/** Returns the dead letter in a record; undefined if the record is incomplete or is not a dead letter. */
export function getDeadLetter(record: LogRecord): FoundDeadLetter | undefined {
  const read = readDlqRecord(record)
  return read.kind === 'letter' ? read : undefined
}
