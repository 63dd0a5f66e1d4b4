import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judgeAnswer, wholeBatchAgain } from '../../../../localstack/msk-trigger/outcome.ts'

const part = (partition: number, ...offsets: number[]) => ({
  partition,
  records: offsets.map(offset => ({ offset })),
})
// Offsets have gaps where a topic is compacted or transactional.
const batch = [part(0, 10, 11, 13), part(1, 7)]
const everything = [
  { partition: 0, offset: 14 },
  { partition: 1, offset: 8 },
]
const failed = (...items: unknown[]) => ({
  batchItemFailures: items.map(itemIdentifier => ({ itemIdentifier })),
})
const judge = (answer: unknown, reports = true) => judgeAnswer('my.topic', batch, answer, reports)

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
    it(`${JSON.stringify(answer)} is success: last offset + 1 is committed (rules 21, 30)`, () => {
      assert.deepEqual(judge(answer), { commits: everything, again: [] })
    })
  }

  it('commits a partition up to its first failed record, and delivers from there on again', () => {
    const answer = failed({ partition: 'my.topic-0', offset: 13 }, { partition: 'my.topic-0', offset: 11 })
    assert.deepEqual(judge(answer), {
      commits: [
        { partition: 0, offset: 11 },
        { partition: 1, offset: 8 },
      ],
      again: [part(0, 11, 13)],
      reason: 'it reported my.topic-0 from 11',
    })
  })

  it('commits nothing of a partition whose first record failed', () => {
    const { commits, again } = judge(failed({ partition: 'my.topic-0', offset: 10 }))
    assert.deepEqual(commits, [{ partition: 1, offset: 8 }])
    assert.deepEqual(again, [part(0, 10, 11, 13)])
  })

  const unusable: [title: string, answer: unknown, reason: RegExp][] = [
    [
      'a partition that was not in the event',
      failed({ partition: 'my.topic-2', offset: 10 }),
      /not a partition and offset/,
    ],
    ['an offset that was not in the event', failed({ partition: 'my.topic-0', offset: 12 }), /"offset":12/],
    ['an offset as text', failed({ partition: 'my.topic-0', offset: '10' }), /"offset":"10"/],
    ['no offset', failed({ partition: 'my.topic-0' }), /not a partition and offset/],
    ['an empty identifier', failed({}), /not a partition and offset/],
    ['no identifier', { batchItemFailures: [null] }, /names null/],
    ['an identifier as text', failed('my.topic-0'), /not a partition and offset/],
    [
      'the key of the older page',
      failed({ 'topic-partition': 'my.topic-0', offset: 10 }),
      /it is "partition" now/,
    ],
    [
      'one good and one bad item',
      failed({ partition: 'my.topic-0', offset: 11 }, { partition: 'x', offset: 1 }),
      /"x"/,
    ],
    ['no list', { batchItemFailures: 'all' }, /batchItemFailures is "all", not a list/],
    ['a text', 'done', /returned "done"/],
    ['a list', [], /returned \[\]/],
  ]
  for (const [title, answer, reason] of unusable) {
    it(`is the whole batch again after ${title} (rules 23, 30)`, () => {
      const outcome = judge(answer)
      assert.deepEqual({ commits: outcome.commits, again: outcome.again }, { commits: [], again: batch })
      assert.match(outcome.reason ?? '', reason)
    })
  }

  it('ignores a list where the mapping does not read it, and warns (rule 33)', () => {
    const outcome = judge(failed({ partition: 'my.topic-0', offset: 10 }), false)
    assert.deepEqual({ commits: outcome.commits, again: outcome.again }, { commits: everything, again: [] })
    assert.match(outcome.warning ?? '', /lacks functionResponseType: ReportBatchItemFailures/)
    assert.equal(judge({ batchItemFailures: [] }, false).warning, undefined)
  })

  it('is the whole batch again after an error (rule 22)', () => {
    assert.deepEqual(wholeBatchAgain(batch, 'boom'), { commits: [], again: batch, reason: 'boom' })
  })
})
