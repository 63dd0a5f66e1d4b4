import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import {
  toFlatDocument,
  toFlatEvent,
  toFlatFailure,
} from '../../../../control/queries/records/flat-document.ts'
import { deadLetterRecord, getDeadLetter } from '../../../support/dead-letters.ts'

describe('a flat document', () => {
  it('given a dead letter, then its names are those of tutorials, and the failed record is text', () => {
    const failedAt = '2026-03-01T12:00:00Z'
    const history = [{ attempt: 1, failedAt, errorType: 'rejected', error: 'no' }]
    const record = deadLetterRecord({
      attempt: 2,
      history,
      originalKey: Buffer.from([0xff]).toString('base64'),
    })
    const flat = toFlatEvent(getDeadLetter(record)?.event as Event)
    const expected = {
      event_type: 'io.sluice.dead-letter.v1',
      original_topic: 'sluice.telemetry.readings.local',
      original_partition: 9,
      original_offset: 186,
      original_key: '/w==',
      original_value: '{"sensorId":"roof-1","temperature":"28"}',
      original_headers_ce_subject: 'roof-1',
      error_type: 'schema-violated',
      attempt: 2,
      first_failed_at: '2026-03-01T12:00:00.000Z',
      history: [{ attempt: 1, failed_at: failedAt, error_type: 'rejected', error: 'no' }],
    }
    assert.deepEqual({ ...flat, ...expected }, flat)
  })

  it('given nested data, then names are joined, null stays, and lists stay lists', () => {
    const data = {
      alertId: 'a',
      endedAt: null,
      labels: { teamName: 'sea', hubs: { eu: 1 } },
      windows: [1, 2],
    }
    const flat = {
      alert_id: 'a',
      ended_at: null,
      labels_team_name: 'sea',
      labels_hubs_eu: 1,
      windows: [1, 2],
    }
    assert.deepEqual(toFlatDocument(data), flat)
  })

  it('given events with data that is no object, or without data, then nothing is lost', () => {
    const event = { id: '1', source: '/s', type: 't' }
    const flat = { event_id: '1', event_source: '/s', event_type: 't' }
    assert.deepEqual(toFlatEvent({ ...event, data: 'text' }), { ...flat, data: 'text' })
    assert.deepEqual(toFlatEvent(event), flat)
    assert.deepEqual(toFlatEvent({ ...event, data: Buffer.from('bytes') }), { ...flat, data: 'bytes' })
  })

  it('given a record that is not an event, then it has the names of a dead letter', () => {
    const record: LogRecord = {
      ...{ topic: 't', partition: 1, offset: 2, timestampMs: 3 },
      ...{ key: null, value: Buffer.from('hello'), headers: [] },
    }
    const failure = { code: 'not-a-cloudevent', message: 'no' } as const
    assert.deepEqual(toFlatFailure(record, failure as Parameters<typeof toFlatFailure>[1]), {
      ...{ original_topic: 't', original_partition: 1, original_offset: 2, original_timestamp: 3 },
      ...{ original_key: null, original_value: 'hello', error_type: 'not-a-cloudevent', error: 'no' },
    })
  })
})
