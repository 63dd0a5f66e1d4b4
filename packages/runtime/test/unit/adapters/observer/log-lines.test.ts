import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RetryableError } from '../../../../consumer/author-errors.ts'
import { captureLog } from '../../../support/function-log.ts'
import { HERE, letter, STATE_KEY } from '../../../support/observed.ts'
import { environmentReading as reading, logRecord as record, TOPIC } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACED = { extensions: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } }

describe('what a function writes to its log', () => {
  it('given an outage of minutes, then one line reports it for all partitions of the batch', async () => {
    const log = await captureLog(observer => {
      for (let partition = 0; partition < 12; partition += 1) {
        const stateKey = { ...STATE_KEY, partition }
        observer.report({ kind: 'clock-gap', stateKey, beforeOffset: 5, ms: 300_000 + partition })
        observer.report({ kind: 'no-applied-offset', stateKey, fromOffset: partition })
      }
    })
    const warnings = log.filter(({ level }) => level === 'WARN')
    assert.deepEqual(
      warnings.map(({ kind, partitions, ms, topic }) => ({ kind, partitions, ms, topic })),
      [
        { kind: 'clock-gap', partitions: 12, ms: 300_011, topic: TOPIC },
        { kind: 'no-applied-offset', partitions: 12, ms: undefined, topic: TOPIC },
      ],
    )
    assert.deepEqual(Object.keys(warnings[1]?.fromOffsets ?? {}).length, 12)
  })

  it('given DEBUG, then each decision is a line that names what was decided, and why', async () => {
    const log = await captureLog(
      observer =>
        new Stage(undefined, { report: observer.report })
          .batch([record(0, reading('a', TRACED)), record(1, reading('a', TRACED)), record(2, {})])
          .then(() => {}),
      { level: 'DEBUG' },
    )
    const named = { consumer: 'counting', topic: TOPIC, partition: 0, service: 'tested' }
    const event = {
      eventId: 'a',
      eventSource: '/environment/test-site',
      entity: '/environment/test-site s-1',
      traceId: TRACE,
    }
    assert.deepEqual(
      log
        .filter(({ message }) => message === 'decided')
        .map(({ level, timestamp, sampling_rate, message, ...said }) => said),
      [
        { ...named, offset: 0, outcome: 'applied', reason: 'counted', ...event },
        { ...named, offset: 1, outcome: 'duplicate', reason: 'id-known', ...event },
        { ...named, offset: 2, outcome: 'failed', reason: 'not-a-cloudevent' },
      ],
    )
  })

  it('given an entity whose name reverses the reading direction, then its line escapes that', async () => {
    const log = await captureLog(
      observer =>
        new Stage(undefined, { report: observer.report })
          .batch([record(0, reading('a', { subject: 's-\u202e1' }))])
          .then(() => {}),
      { level: 'DEBUG' },
    )
    const [decided] = log.filter(({ message }) => message === 'decided')
    assert.equal(decided?.entity, '/environment/test-site s-\\u{202e}1')
  })

  it('given INFO, then a batch is one line, however many records it has', async () => {
    let now = 1_000
    const log = await captureLog(
      async observer => {
        const stage = new Stage(undefined, { report: observer.report })
        await stage.batch(
          Array.from({ length: 30 }, (_, offset) => record(offset, reading(`${offset}`, HERE))),
        )
        now += 25
      },
      { now: () => now },
    )
    const lines = log.filter(line => !('_aws' in line))
    assert.equal(lines.length, 1)
    const { level, message, records, counts, ms } = lines[0] ?? {}
    assert.deepEqual(
      { level, message, records, counts, ms },
      { level: 'INFO', message: 'batch', records: 30, counts: { 'applied/counted': 30 }, ms: 25 },
    )
  })

  it('given metrics that cannot be written, then the batch continues, and a line says so', async () => {
    const log = await captureLog(observer => observer.recordDuration('publish', 'no number' as never))
    const told = log.filter(({ level }) => level === 'ERROR').map(({ message }) => message)
    assert.deepEqual(told, ['the metrics of an invocation cannot be written'])
  })

  it('given tries that failed, then a line counts them, and says what may be said', async () => {
    const tried = { kind: 'offer-failed', stateKey: STATE_KEY, of: 3, records: 2, offset: 5 } as const
    const timeout = Object.assign(new Error('SECRET took long'), { code: 'ETIMEDOUT' })
    const log = await captureLog(observer => {
      observer.report({ ...tried, attempt: 1, cause: { safeMessage: 'status 503' } })
      observer.report({ ...tried, attempt: 1, cause: { safeMessage: 'status 503' } })
      observer.report({ ...tried, attempt: 2, cause: { safeMessage: undefined } })
      observer.report({ ...tried, attempt: 3, cause: { error: timeout } })
      observer.report({ ...tried, attempt: 3, cause: { error: new Error('SECRET', { cause: timeout }) } })
      observer.report({ ...tried, attempt: 2, cause: { error: 'SECRET' } })
      // Each partition tries a receiver that is away again and again: one line a minute says so.
      const away = new RetryableError('SECRET', { safeMessage: 'the server is away' })
      for (const attempt of [1, 2, 3]) observer.report({ ...tried, attempt, cause: { error: away } })
    })
    assert.deepEqual(
      log.filter(({ kind }) => kind === 'retry').map(({ level, message }) => [level, message]),
      [
        ['WARN', 'Retry 1/3: status 503'],
        // Each retry is logged, however soon after another one: waits are between the tries of a partition.
        ['WARN', 'Retry 1/3: status 503'],
        ['WARN', 'Retry 2/3: not-accepted'],
        ['WARN', 'Retry 3/3: Error ETIMEDOUT'],
        ['WARN', 'Retry 3/3: Error, caused by Error ETIMEDOUT'],
        ['WARN', 'Retry 2/3: threw'],
        ['WARN', 'Retry 1/3: the server is away'],
      ],
    )
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
  })

  it('given dead letters, then a line names each key, of many only the first ones, and none of the data', async () => {
    const odd = [null, { base64: Buffer.from('a\u0007').toString('base64') }, { base64: '/w==' }, 'hall-ü']
    const log = await captureLog(observer => {
      const many = Array.from({ length: 100 }, (_, index) => letter(`k${index % 50}`))
      for (const entries of [odd.map(letter), many])
        observer.report({ kind: 'dead-letters', stateKey: STATE_KEY, entries })
    })
    const lines = log.filter(({ kind }) => kind === 'dead-letter')
    assert.deepEqual(
      lines.slice(0, 5).map(({ message, records, keys }) => [message, records, keys]),
      [
        ['Sent to DLQ: no key', 1, undefined],
        ['Sent to DLQ: base64 YQc=', 1, undefined],
        ['Sent to DLQ: base64 /w==', 1, undefined],
        ['Sent to DLQ: hall-ü', 1, undefined],
        ['Sent to DLQ: k0', 2, 50],
      ],
    )
    assert.equal(lines.length, 14)
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
  })
})
