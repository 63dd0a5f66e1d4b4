import assert from 'node:assert/strict'
import { it } from 'node:test'
import { protocolError } from '@sluice/kafka-records'
import { isRetriableAnswer } from '#runtime/test/support/inside-kafka'
import { isRetriableAnswer as isRetriableForTrigger } from '../../../../packages/msk-trigger/poll/cluster-client.ts'

const NOT_LEADER_FOR_PARTITION = 6

it('the engine and the trigger, of which neither imports the other, call the same answers retriable', () => {
  const codes = Array.from({ length: 100 }, (_, code) => code)
  // The library wraps an error after its last try.
  const wrap = (cause: Error) =>
    Object.assign(new Error('tried often enough', { cause }), { retriable: false })
  for (const error of codes.map(protocolError).flatMap(answer => [answer, wrap(answer)]))
    assert.equal(isRetriableForTrigger(error), isRetriableAnswer(error), error.message)
  const retriable = codes.filter(code => isRetriableAnswer(protocolError(code)))
  assert.ok(retriable.includes(NOT_LEADER_FOR_PARTITION) && retriable.length < 30, `${retriable}`)
})
