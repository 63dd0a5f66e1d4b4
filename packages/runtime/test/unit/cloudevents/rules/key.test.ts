/** Rules D: the key of a record. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRedrivenRecord } from '../../../../cloudevents/redriven-record.ts'
import { toOutgoingRecord } from '../../../../cloudevents/writer.ts'
import type { FailureData } from '../../../../consumer/failure-event.ts'
import { accepted, bothWith, EVENT, read, refused, structured, withHeader } from './kit.ts'

const KEYED = { id: 'a', source: '/s', type: 't', extensions: { partitionkey: 'p', traceparent: 'x' } }

describe('the key of a record', () => {
  it('D1: given a key of the caller, then it is the key in Kafka', () => {
    assert.deepEqual(toOutgoingRecord('t', 'k', KEYED).key, Buffer.from('k'))
    assert.equal(toOutgoingRecord('t', null, KEYED).key, null)
  })

  it('D2: given partitionkey, then it is the key only where the mapper of the caller takes it', () => {
    assert.equal(toOutgoingRecord('t', null, KEYED).key, null)
  })

  it('D3: given a key, then the event keeps its partitionkey, and gets none where it has none', () => {
    const { headers, value } = toOutgoingRecord('t', KEYED.extensions.partitionkey, KEYED)
    assert.deepEqual(accepted(read(headers as [string, Buffer][], value)), KEYED)
    const other = { ...KEYED, extensions: { traceparent: 'x' } }
    const written = toOutgoingRecord('t', 'k', other)
    assert.deepEqual(accepted(read(written.headers as [string, Buffer][], written.value)), other)
  })

  it('D4: given partitionkey, then it is a string that is not empty', () => {
    for (const result of bothWith('partitionkey', '')) refused(result, /"partitionkey" is empty/)
    refused(structured({ ...EVENT, partitionkey: 7 }), /"partitionkey" is not a string/)
    assert.equal(accepted(read(withHeader('ce_partitionkey', '7'))).extensions?.partitionkey, '7')
  })

  it('D5: given a record that goes back to its topic, then its key is that of the original, byte for byte', () => {
    const key = Buffer.from([0, 255, 1])
    const failure = {
      originalTopic: 't',
      originalPartition: 1,
      originalOffset: 2,
      originalTimestamp: 0,
      originalKey: key.toString('base64'),
      originalValue: null,
      originalHeaders: [],
      consumer: 'c',
      attempt: 1,
      history: [],
      failedAt: '2026-03-01T12:00:00Z',
      errorType: 'rejected',
      error: '',
    } as unknown as FailureData
    assert.deepEqual(createRedrivenRecord(failure).key, key)
  })
})
