import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lacksPermission, runPatiently } from '../../../lib/deployment/patience.ts'
import { OperationFailure } from '../../../lib/support/operation-failure.ts'

const DENIED = Object.assign(new Error('not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED' })
const GOING = new AbortController().signal

/** Work that fails with these errors, one after another, and then succeeds. */
function failing(...errors: unknown[]) {
  const left = [...errors]
  return async () => {
    if (left.length > 0) throw left.shift()
    return 'done'
  }
}

describe('given work that lacks a permission', () => {
  it('then it is repeated until the permission is there', async () => {
    const wrapped = new OperationFailure('Failed to create x', { cause: DENIED })
    const work = failing(DENIED, wrapped, DENIED)
    assert.equal(await runPatiently(work, GOING, { forMs: 60_000, everyMs: 0 }), 'done')
  })

  it('then the denial is the error once the time for it is over', async () => {
    await assert.rejects(runPatiently(failing(DENIED), GOING, { forMs: 0, everyMs: 0 }), DENIED)
  })

  it('then it ends when it is stopped', async () => {
    const stop = AbortSignal.abort()
    await assert.rejects(runPatiently(failing(DENIED), stop, { forMs: 60_000, everyMs: 60_000 }), {
      name: 'AbortError',
    })
  })
})

it('given a partition without a leader, then the work is repeated', async () => {
  const answer = Object.assign(new Error('there is no leader'), {
    type: 'LEADER_NOT_AVAILABLE',
    retriable: true,
  })
  const unled = new Error('topic x has a partition that no broker leads', { cause: answer })
  assert.equal(await runPatiently(failing(unled), GOING, { forMs: 60_000, everyMs: 0 }), 'done')
})

it('given any other error, then the work is not repeated', async () => {
  const error = new Error('no such thing')
  await assert.rejects(runPatiently(failing(error), GOING, { forMs: 60_000, everyMs: 0 }), error)
})

it('given errors of brokers and of AWS, then denials are distinguished from all others', () => {
  const aws = new Error('User: arn:aws:sts::1:x is not authorized to perform: ssm:PutParameter on resource y')
  const sasl = Object.assign(new Error('SASL failed'), { name: 'KafkaJSSASLAuthenticationError' })
  for (const error of [DENIED, aws, sasl, new Error('x', { cause: aws })]) assert.ok(lacksPermission(error))
  const invalid = Object.assign(new Error('x'), { type: 'INVALID_CONFIG' })
  for (const error of [invalid, new Error('x'), undefined, 'x']) assert.ok(!lacksPermission(error))
})
