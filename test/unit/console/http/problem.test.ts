import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PartitionStopped, RecordRefused } from '#runtime/pipeline'
import { toProblem } from '../../../../console/http/problem.ts'
import { HistoryUnavailable } from '../../../../lib/history/store.ts'
import { OperationFailure } from '../../../../lib/support/operation-failure.ts'

describe('given an error of what reads and writes records', () => {
  for (const [name, error, code, message] of [
    [
      'a recording that cannot be read',
      new OperationFailure('walk:7: not JSON'),
      'conflict',
      /walk:7: not JSON/,
    ],
    ['a wrong request', new OperationFailure('both', { isUsage: true }), 'bad-request', /both/],
    ['a history that is away', new HistoryUnavailable('s3://b is away'), 'conflict', /s3:..b is away/],
    ['a record that Kafka refuses', new RecordRefused('too large'), 'refused', /too large/],
    ['a log that was made anew', new PartitionStopped('another-log', 'drop it'), 'unavailable', /Try again/],
  ] as const)
    it(`when it is ${name}, then the answer is a sentence`, () => {
      const problem = toProblem(error)
      assert.equal(problem.code, code)
      assert.match(problem.message, message)
    })

  it('when it is unexpected, then its message is not shown: it may quote a payload', () => {
    assert.doesNotMatch(toProblem(new TypeError('secret')).message, /secret/)
  })
})
