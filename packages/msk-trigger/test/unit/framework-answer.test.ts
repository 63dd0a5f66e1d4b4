import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedAnswer, refuseUncalled } from '../../invoke/runtimes/framework.ts'
import { HandlerError, RuntimeEnded } from '../../invoke/runtimes/runtime.ts'

const OF_RIE = { errorType: 'OrderError', errorMessage: 'no amount', stackTrace: ['line 1'], requestId: 'r' }

describe("an answer of serverless-offline's runner", () => {
  it('given the error object of a container, then it is an error of the handler', () => {
    assert.throws(
      () => checkedAnswer(OF_RIE, 'python3.12', true),
      (error: unknown) => {
        assert.ok(error instanceof HandlerError)
        const { errorType, errorMessage, trace } = error.reported
        assert.deepEqual(
          { errorType, errorMessage, trace },
          { errorType: 'OrderError', errorMessage: 'no amount', trace: ['line 1'] },
        )
        return true
      },
    )
    assert.throws(
      () => checkedAnswer({ errorType: 'Error', errorMessage: 'x', trace: [] }, 'nodejs22.x', true),
      HandlerError,
    )
  })

  const answers = [
    null,
    'text',
    1,
    [],
    {},
    { batchItemFailures: [] },
    { errorMessage: 'mine' },
    { ...OF_RIE, more: 1 },
  ]
  for (const answer of answers) {
    it(`given ${JSON.stringify(answer).slice(0, 70)}, then it is the answer`, () => {
      assert.equal(checkedAnswer(answer, 'java21', true), answer)
      assert.equal(checkedAnswer(answer, 'java21', false), answer)
    })
  }

  it('given nothing, then the handler has not answered, except where it may answer nothing', () => {
    assert.throws(() => checkedAnswer(undefined, 'java21', false), RuntimeEnded)
    assert.throws(() => checkedAnswer(undefined, 'ruby3.4', false), RuntimeEnded)
    assert.throws(
      () => checkedAnswer(undefined, 'provided.al2023', true),
      /did not answer: its process ended/,
    )
    assert.equal(checkedAnswer(undefined, 'nodejs22.x', false), undefined)
    assert.equal(checkedAnswer(undefined, 'dotnet8', true), undefined)
  })

  it('given go1.x without a container, then it is refused, because its handler would not be called', () => {
    assert.throws(() => refuseUncalled('go1.x', false), /does not call a go1\.x handler/)
    refuseUncalled('go1.x', true)
    refuseUncalled('java21', false)
  })
})
