import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  deferredCause,
  failedRun,
  type ReportedStall,
  reportedCause,
} from '../../../lib/diagnosis/stalls/causes.ts'

describe('the cause of a stall that the trigger reports', () => {
  const table: [what: string, stall: Partial<ReportedStall>, id: string | undefined][] = [
    ['a cluster that does not answer', { kind: 'unreachable' }, 'kafka'],
    ['a broker that refuses connections', { obstacle: 'reading', reason: 'connect ECONNREFUSED' }, 'kafka'],
    [
      'a handler that could not connect',
      { reason: 'connect ECONNREFUSED' },
      'invocation/connect ECONNREFUSED',
    ],
    ['a server that its message names', { reason: 'Redis at a:1 does not answer: x' }, 'redis'],
    ['a parameter that is gone', { reason: 'parameter /p cannot be read: Parameter /p not found.' }, 'aws'],
    ['a missing topic', { kind: 'no-topic' }, 'no-topic/readings'],
    ['a timeout', { kind: 'timeout' }, 'timeout/alerting'],
    ['messages that differ by a number', { reason: 'boom 17' }, 'invocation/boom #'],
    ['reported records', { kind: 'reported' }, undefined],
  ]
  for (const [what, stall, id] of table)
    it(`given ${what}, then it is ${id ?? 'left to the log of the function'}`, () => {
      const reported = {
        function: 'alerting',
        topic: 'readings',
        obstacle: 'invocation',
        kind: 'error',
      } as const
      assert.equal(reportedCause({ ...reported, reason: '', ...stall }, { brokers: 'b:1' })?.id, id)
    })
})

describe('the cause of a deferred partition', () => {
  const table: [reason: string, id: string, advice: RegExp][] = [
    ['store-unavailable', 'redis', /Check that it is running/],
    ['broker-unavailable', 'kafka', /Check that it is running/],
    ['breaker-open', 'breaker-open/f', /another version is tried at once/],
    ['another-log', 'another-log/f', /--fresh/],
    ['state-not-migrated', 'state-not-migrated/f', /migrate/],
    ['out-of-time', 'out-of-time/f', /timeout/],
    ['anything else', 'deferred/f/anything else', /retried/],
  ]
  for (const [reason, id, advice] of table)
    it(`given ${reason}, then it is ${id}, with what to do`, () => {
      const cause = deferredCause('f', { reason })
      assert.equal(cause.id, id)
      assert.match(cause.advice, advice)
    })

  it('given receiver-unavailable for a bucket or topic in AWS, then that is the cause', () => {
    for (const error of [
      'The bucket "b" for the history does not exist: create it',
      'arn:aws:sns:r:0:t: NotFound',
    ]) {
      const { id, advice } = deferredCause('f', { reason: 'receiver-unavailable', error })
      assert.equal(id, 'aws')
      assert.match(advice, /Restart npm start/)
    }
  })

  it('given a run that fails for a server, then it is the cause of that server', () =>
    assert.equal(failedRun('Kafka did not take it').id, 'kafka'))
})
