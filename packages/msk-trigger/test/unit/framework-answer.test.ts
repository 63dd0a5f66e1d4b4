import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedAnswer, refuseRuntime } from '../../invoke/runtimes/framework-runtimes.ts'
import { RuntimeEnded } from '../../invoke/runtimes/runtime.ts'

describe("an answer of serverless-offline's runner", () => {
  for (const answer of [null, 'text', {}, { batchItemFailures: [] }])
    it(`given ${JSON.stringify(answer)}, then it is the answer`, () =>
      assert.equal(checkedAnswer(answer, 'java21'), answer))

  it('given nothing, then the handler has not answered, except where it may answer nothing', () => {
    assert.throws(() => checkedAnswer(undefined, 'java21'), RuntimeEnded)
    assert.throws(() => checkedAnswer(undefined, 'ruby3.4'), /did not answer: its process ended/)
    assert.equal(checkedAnswer(undefined, 'nodejs22.x'), undefined)
  })

  it('given a runtime whose handler would not be called, then it is refused by name', () => {
    for (const runtime of ['nodejs24.x', 'python3.13', 'ruby3.4', 'java21']) refuseRuntime('f', runtime)
    for (const runtime of ['go1.x', 'provided.al2023', 'dotnet8'])
      assert.throws(() => refuseRuntime('f', runtime), {
        name: 'ConfigurationError',
        message: `function "f" has the runtime ${runtime}: the Kafka trigger runs nodejs, python, ruby and java only`,
      })
  })
})
