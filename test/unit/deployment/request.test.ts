import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  formatResponse,
  isRollback,
  parseReaders,
  parseResourceRequest,
  type ResourceRequest,
} from '../../../lib/deployment/request.ts'

const CREATE: ResourceRequest = {
  RequestType: 'Create',
  RequestId: 'r1',
  StackId: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/sluice-prod/1',
  LogicalResourceId: 'SluiceTopics',
  ResponseURL: 'https://bucket.example/answer?signature=secret',
  ResourceProperties: { Environment: 'prod', PackagedAt: '200', Readers: { readings: ['alerting'] } },
}

describe('given a request of CloudFormation, when it is read', () => {
  it('then it is what it was, and everything else is refused with what to do instead', () => {
    assert.equal(parseResourceRequest(CREATE), CREATE)
    for (const event of [null, {}, 'x', { ...CREATE, RequestType: 'Read' }, { ...CREATE, ResponseURL: 1 }])
      assert.throws(() => parseResourceRequest(event), /to change topics manually, use `sluice topics apply`/)
  })

  it('then the readers of each topic are known, empty without any, and their absence is an error', () => {
    const readers = parseReaders(CREATE)
    assert.deepEqual([readers.get('readings'), readers.get('analytics')], [['alerting'], []])
    assert.throws(() => parseReaders({ ...CREATE, ResourceProperties: {} }), /have no Readers/)
  })

  it('then only an older package that follows a newer one is a rollback', () => {
    const after = (PackagedAt: unknown) =>
      isRollback({ ...CREATE, RequestType: 'Update', OldResourceProperties: { PackagedAt } })
    assert.deepEqual(
      [after('199'), after('200'), after('201'), after('1000'), after(undefined)],
      [false, false, true, true, false],
    )
    assert.equal(isRollback(CREATE), false)
  })
})

describe('given an outcome, when it is answered', () => {
  const { StackId, RequestId, LogicalResourceId } = CREATE

  it('then the resource gets an id by its environment, which it keeps', () => {
    assert.deepEqual(JSON.parse(formatResponse(CREATE, { status: 'SUCCESS' })), {
      Status: 'SUCCESS',
      PhysicalResourceId: 'sluice-topics-prod',
      StackId,
      RequestId,
      LogicalResourceId,
    })
    const update = { ...CREATE, PhysicalResourceId: 'as-it-was' }
    assert.equal(JSON.parse(formatResponse(update, { status: 'SUCCESS' })).PhysicalResourceId, 'as-it-was')
  })

  it('then a failure says why, and never where the answer goes', () => {
    const body = formatResponse(CREATE, { status: 'FAILED', reason: 'because' })
    assert.deepEqual(JSON.parse(body).Reason, 'because')
    assert.doesNotMatch(body, /signature/)
  })

  it('then a reason that is too long is cut, so that CloudFormation reads the answer', () => {
    for (const text of ['x', 'ü', '→', '"', '😀']) {
      const body = formatResponse(CREATE, { status: 'FAILED', reason: text.repeat(5_000) })
      assert.ok(Buffer.byteLength(body) <= 4096, `${text}: ${Buffer.byteLength(body)} bytes`)
      const { Reason } = JSON.parse(body)
      assert.ok(Reason.startsWith(text.repeat(500)) && Reason.endsWith('the function has all of it)'))
    }
  })
})
