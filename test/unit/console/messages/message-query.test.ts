import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse, safeParse } from 'valibot'
import {
  encodeCursor,
  MESSAGES_QUERY,
  resolveBeginning,
} from '../../../../console/api/kafka/messages/message-query.ts'
import { ProblemError } from '../../../../console/http/problem.ts'
import {
  chooseStart,
  parseForm,
  parseParameters,
  toParameters,
} from '../../../../console/page/kafka/messages/message-parameters.ts'

const BOUNDS = [
  { start: 10, end: 100 },
  { start: 0, end: 50 },
]
const offsets = { bounds: async () => BOUNDS, at: async () => [40, 50] }
const query = (values: Record<string, string>) => parse(MESSAGES_QUERY, { topic: 't', ...values })
const begin = (values: Record<string, string>) => resolveBeginning(query(values), offsets)

describe('given a question for messages', () => {
  it('when it names no start, then it begins with the newest of all partitions', async () => {
    const { direction, ranges } = await begin({})
    assert.equal(direction, 'backward')
    assert.deepEqual(
      ranges.map(({ start, end }) => [start, end]),
      [
        [10, 100],
        [0, 50],
      ],
    )
  })

  it('when it names an offset, then it begins there, or where the log begins now', async () => {
    const from = async (offset: string) => (await begin({ partition: '0', offset })).ranges
    assert.deepEqual(await from('42'), [{ topic: 't', partition: 0, start: 42, end: 100 }])
    assert.deepEqual(await from('3'), [{ topic: 't', partition: 0, start: 10, end: 100 }])
    assert.deepEqual(await from('900'), [{ topic: 't', partition: 0, start: 100, end: 100 }])
  })

  it('when it names a time, then it begins with what was written then or later', async () => {
    const { direction, ranges } = await begin({ time: '2026-03-01T12:00:00Z' })
    assert.deepEqual([direction, ranges.map(({ start }) => start)], ['forward', [40, 50]])
  })

  for (const [name, values, message] of [
    ['an offset without a partition', { offset: '3' }, /requires a partition/],
    ['a partition that the topic does not have', { partition: '2' }, /t has 2 partitions/],
    ['a cursor that no answer has given', { cursor: 'b:1-2' }, /must be a cursor from a previous response/],
  ] as const)
    it(`when it has ${name}, then it is refused with a sentence`, async () => {
      await assert.rejects(
        begin(values),
        error => error instanceof ProblemError && message.test(error.message),
      )
    })

  it('when it continues, then with the rest, and within the present bounds of the log', async () => {
    const left = [{ topic: 't', partition: 0, start: 5, end: 60 }]
    const cursor = encodeCursor('backward', left) as string
    const { direction, ranges } = await begin({ cursor })
    assert.deepEqual([direction, ranges], ['backward', [{ topic: 't', partition: 0, start: 10, end: 60 }]])
    assert.equal(encodeCursor('forward', []), undefined)
    assert.deepEqual((await begin({ cursor: 'f:7-0-9,1-0-900' })).ranges, [
      { topic: 't', partition: 1, start: 0, end: 50 },
    ])
  })

  it('when its values are wrong, then each is named', () => {
    const { issues } = safeParse(MESSAGES_QUERY, {
      partition: '-1',
      time: 'soon',
      from: 'here',
    })
    assert.deepEqual(issues?.map(({ message }) => message).toSorted(), [
      'must be a non-negative integer',
      'must be an RFC 3339 time, such as 2026-03-01T12:00:00Z',
      'must be newest or oldest',
      'must name a topic',
    ])
  })
})

describe('given the address of the page', () => {
  it('then the server is asked for what it says, and for nothing else', () => {
    const address = { topic: 't', text: 'a b', live: '1', open: '0:1', cursor: 'b:0-1-2' }
    assert.deepEqual(toParameters(address, 't'), { topic: 't', text: 'a b', cursor: 'b:0-1-2' })
    assert.equal(chooseStart(parseParameters({ partition: '1', offset: '0' })), 'offset')
    assert.equal(chooseStart({}), 'newest')
  })

  it('when a form is sent, then what does not belong to its start is left out', () => {
    const form = { topic: 't', offset: '4', time: '2026-03-01T12:00:00Z', text: 'k' }
    assert.deepEqual(parseForm({ ...form, start: 'newest' }), { topic: 't', text: 'k' })
    assert.deepEqual(parseForm({ ...form, start: 'oldest' }), { topic: 't', text: 'k', from: 'oldest' })
    assert.deepEqual(parseForm({ ...form, start: 'offset' }), { topic: 't', text: 'k', offset: '4' })
    const time = '2026-03-01T12:00:00.000Z'
    assert.deepEqual(parseForm({ ...form, start: 'time' }), { topic: 't', text: 'k', time })
    assert.deepEqual(parseForm({ ...form, start: 'time', time: '' }), { topic: 't', text: 'k' })
  })
})
