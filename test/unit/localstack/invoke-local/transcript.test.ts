import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Transcript } from '../../../../localstack/invoke-local/transcript.ts'
import { producedRecord } from '../../../../packages/runtime/cloudevents/writer.ts'
import { failure } from '../../../../packages/runtime/consumer/failure-codes.ts'
import { environmentReading } from '../../../support/records.ts'

const stateKey = (partition: number) => ({ consumer: 'c', topic: 't', partition })
const applied = (offset: number) => ({ offset, appendMs: 0, outcome: 'applied', reason: 'counted' }) as const

/** The lines without the heading, which is always the same. */
const written = (transcript: Transcript) => `${transcript}`.split('\n').slice(2, -1)

describe('the transcript of one invocation', () => {
  it('given nothing that was decided or published, then it says so', () =>
    assert.deepEqual(written(new Transcript()), ['nothing would have been published']))

  it('given partitions that were decided concurrently, then it lists each by itself, in order', () => {
    const transcript = new Transcript()
    transcript.decided(stateKey(10), [applied(3)])
    transcript.decided(stateKey(2), [applied(0)])
    transcript.decided(stateKey(10), [applied(4)])
    assert.deepEqual(written(transcript), [
      't, partition 2',
      '       0  applied    counted',
      '',
      't, partition 10',
      '       3  applied    counted',
      '       4  applied    counted',
      '',
      'nothing would have been published',
    ])
  })

  it('given a failure, then it has the code and the message', () => {
    const transcript = new Transcript()
    const why = failure('schema-violated', 'location is missing')
    transcript.decided(stateKey(0), [
      { ...applied(7), outcome: 'failed', reason: 'schema-violated', failure: why },
    ])
    assert.deepEqual(written(transcript).slice(1, 3), [
      '       7  failed     schema-violated',
      '          location is missing',
    ])
  })

  it('given timers that are set and moved, then it has their final times', () => {
    const transcript = new Transcript()
    const timer = (dueMs: number) => [{ name: 'silent', dueMs, thresholdMs: 0, id: '', trace: {} }]
    transcript.decided(stateKey(0), [applied(0)])
    transcript.timersSet(
      stateKey(0),
      new Map([
        ['a', timer(1)],
        ['b', timer(1)],
      ]),
    )
    transcript.timersSet(
      stateKey(0),
      new Map([
        ['a', timer(2_000)],
        ['b', []],
      ]),
    )
    assert.deepEqual(written(transcript).slice(1, -2), [
      '       0  applied    counted',
      '          timers set for a: silent at 1970-01-01T00:00:02.000Z',
    ])
  })

  it('given published records, then it has topic, key, type, id and data', () => {
    const transcript = new Transcript()
    transcript.published([
      producedRecord('topic', 'key', { ...environmentReading('an-id'), data: { a: [1] } }),
    ])
    transcript.published([{ topic: 'topic', partition: 3, key: null, value: Buffer.from('x'), headers: [] }])
    assert.deepEqual(written(transcript), [
      'would have been published, 2 records:',
      '  → topic  key key',
      '      io.sluice.environment.reading.v1  id an-id',
      '      { a: [ 1 ] }',
      '  → topic, partition 3  no key  1 bytes that are not an event',
    ])
  })
})
