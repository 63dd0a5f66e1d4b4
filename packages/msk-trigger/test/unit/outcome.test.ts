import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AnswerOptions, readAnswer, retryWholeBatch } from '../../deliver/outcome.ts'
import { part } from './support.ts'

// Offsets have gaps where a topic is compacted or transactional.
const batch = [part(0, 10, 11, 13), part(1, 7)]
const failed = (...items: unknown[]) => ({
  batchItemFailures: items.map(itemIdentifier => ({ itemIdentifier })),
})
const read = (
  answer: unknown,
  reportsFailures = true,
  afterPartialResponse: AnswerOptions['afterPartialResponse'] = 'resume-at-failure',
) => readAnswer(batch, answer, { topic: 'my.topic', reportsFailures, afterPartialResponse })

describe('the outcome of an invocation', () => {
  const successes: unknown[] = [
    undefined,
    null,
    {},
    { batchItemFailures: [] },
    { batchItemFailures: null },
    { other: 1 },
  ]
  for (const answer of successes) {
    // Promise packages/msk-trigger/RULES.md#rule 30
    it(`${JSON.stringify(answer)} is success: nothing is retried (rule 30)`, () => {
      assert.deepEqual(read(answer), { again: [] })
    })
  }

  const two = failed({ partition: 'my.topic-0', offset: 13 }, { partition: 'my.topic-0', offset: 10 })

  it('redelivers a partition from its first failed record on, including later ones', () => {
    assert.deepEqual(read(two), {
      again: [part(0, 10, 11, 13)],
      reported: [part(0, 10, 13)],
      reason: 'it reported my.topic-0@10,13',
    })
    assert.deepEqual(read(failed({ partition: 'my.topic-0', offset: 11 })).again, [part(0, 11, 13)])
  })

  it('redelivers only the named records if so configured', () => {
    const outcome = read(two, true, 'retry-only-failed')
    assert.deepEqual(outcome.again, [part(0, 10, 13)])
    assert.deepEqual(outcome.reported, outcome.again)
  })

  const unusable: [title: string, answer: unknown, reason: RegExp][] = [
    [
      'a partition that was not in the event',
      failed({ partition: 'my.topic-2', offset: 10 }),
      /not a partition and offset/,
    ],
    ['an offset that was not in the event', failed({ partition: 'my.topic-0', offset: 12 }), /"offset":12/],
    ['an offset as text', failed({ partition: 'my.topic-0', offset: '10' }), /"offset":"10"/],
    [
      'no identifier',
      { batchItemFailures: [null] },
      /names null, which is not a partition and offset of this batch, like /,
    ],
    ['an identifier as text', failed('my.topic-0'), /"my\.topic-0", offset: 12/],
    ['an item that is not a map', { batchItemFailures: ['my.topic-0'] }, /names "my\.topic-0", which is not/],
    ['a partition as digits', failed({ partition: '0', offset: 10 }), /not a partition and offset/],
    ['the older key', failed({ 'topic-partition': 'my.topic-0', offset: 10 }), /not a partition and offset/],
    [
      'one good and one bad item',
      failed({ partition: 'my.topic-0', offset: 11 }, { partition: 'x', offset: 1 }),
      /"x"/,
    ],
    ['something other than a list', { batchItemFailures: 'all' }, /batchItemFailures is "all", not a list/],
    ['a text', 'done', /returned "done"/],
  ]
  for (const [title, answer, reason] of unusable) {
    it(`retries the whole batch after ${title} (rules 23, 30)`, () => {
      const outcome = read(answer)
      assert.deepEqual([outcome.again, outcome.reported], [batch, undefined])
      assert.match(outcome.reason ?? '', reason)
    })
  }

  // Promise packages/msk-trigger/RULES.md#rule 33
  it('ignores a list without functionResponseType, and warns (rule 33)', () => {
    const outcome = read(failed({ partition: 'my.topic-0', offset: 10 }), false)
    assert.deepEqual(outcome.again, [])
    assert.match(outcome.warning ?? '', /lacks functionResponseType: ReportBatchItemFailures/)
    assert.equal(read({ batchItemFailures: [] }, false).warning, undefined)
  })

  it('given a list under another name, then it is ignored', () => {
    assert.deepEqual(read({ BatchItemFailures: [1], items: [2] }), { again: [] })
  })

  it('retries the whole batch after an error (rule 22)', () => {
    assert.deepEqual(retryWholeBatch(batch, 'boom'), { again: batch, reason: 'boom' })
  })
})
