/** A record that Lambda cannot deliver is found as a hole, and decided by its place in the log. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { kafkaEvent, environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const MIB = 1024 * 1024
const [before, after, later] = [0, 2, 3].map(offset => record(offset, reading(`r${offset}`))) as [
  LogRecord,
  LogRecord,
  LogRecord,
]
const large: LogRecord = {
  ...record(1, { key: Buffer.from('s-1'), value: null, headers: [['trace', Buffer.from('kept')]] }),
  oversizeBytes: 300 * MIB,
}

describe('a record larger than Lambda can deliver', () => {
  // Promise docs/troubleshooting.md#batch-and-message-sizes | A record that Lambda cannot deliver fails by its place, and those around it are applied.
  it('given that it was not delivered, then it fails by its place, and those around it are applied', async () => {
    const stage = new Stage()
    stage.inLog([before, large, after, later])
    await stage.consume(kafkaEvent([before]))
    assert.deepEqual(await stage.consume(kafkaEvent([after, later])), { batchItemFailures: [] })
    assert.deepEqual(stage.outcomes, [
      'applied/counted',
      'failed/record-too-large',
      'applied/counted',
      'applied/counted',
    ])
    const failures = stage.events.filter(({ type }) => type === 'io.sluice.failure.v1')
    assert.equal(failures.length, 1)
    const failure = failures[0]?.data as FailureData
    assert.deepEqual(
      { ...failure, error: '', firstFailedAt: '', failedAt: '' },
      {
        originalTopic: large.topic,
        originalPartition: 0,
        originalOffset: 1,
        originalTimestamp: large.timestampMs,
        originalKey: Buffer.from('s-1').toString('base64'),
        originalValue: null,
        originalHeaders: [{ name: 'trace', value: Buffer.from('kept').toString('base64') }],
        error: '',
        errorType: 'record-too-large',
        consumer: 'counting',
        attempt: 1,
        firstFailedAt: '',
        failedAt: '',
        history: [],
        omitted: ['value'],
        parks: false,
      },
    )
    assert.match(failure.error, /has 314572800 bytes, more than Lambda can deliver: its value was not read/)
  })
})
