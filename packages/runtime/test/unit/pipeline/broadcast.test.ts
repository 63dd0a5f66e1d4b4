/** Services of the engine beside state and timers: a context that is folded, emissions to every partition. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '../../../consumer/event.ts'
import { completeStep, type Emission, type KeyedProcess } from '../../../consumer/process.ts'
import { logRecord } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')

const event = (id: string, type: string, data: object = {}): Event => ({
  id,
  source: '/sums',
  subject: 'x',
  type,
  time: new Date(START_MS).toISOString(),
  datacontenttype: 'application/json',
  data,
})
const records = (...events: readonly Event[]) =>
  events.map((event, offset) => logRecord(offset, event, { timestampMs: START_MS + offset * 1000 }))

/** Notes the sum of two kinds of events that set its context. */
const summing: KeyedProcess<{ readonly sums: readonly number[] }, unknown, number> = {
  name: 'summing',
  accepts: ['test.event'],
  context: {
    setBy: ['test.plus', 'test.minus'],
    initial: 0,
    fold(previous, { type, data }) {
      const { by } = data as { by: number }
      if (by === 0) throw new Error('nothing')
      const { sum } = (previous ?? { sum: 0 }) as { sum: number }
      return { sum: type === 'test.plus' ? sum + by : sum - by }
    },
    read: data => (data as { sum: number }).sum,
    reasons: { changed: 'summed', unchanged: 'same' },
  },
  onEvent: (state, _, sum) => completeStep('noted', { sums: [...(state?.sums ?? []), sum] }),
}

describe('given a context that events of two types fold', () => {
  const log = records(
    event('1', 'test.event'),
    event('2', 'test.plus', { by: 5 }),
    event('3', 'test.minus', { by: 2 }),
    event('4', 'test.event'),
    event('5', 'test.plus', { by: 0 }),
    event('6', 'test.event'),
    event('7', 'test.minus', { by: 3 }),
    event('8', 'test.event'),
  )

  for (const size of [1, 3, 8])
    it(`when they are read ${size} at a time, then each step gets the sum at its place`, async () => {
      const stage = new Stage(summing as never)
      for (let from = 0; from < log.length; from += size) await stage.batch(log.slice(from, from + size))
      assert.deepEqual(await stage.state('/sums x'), { sums: [0, 3, 3, 0] })
      assert.equal(stage.outcomes[4], 'failed/unexpected-error')
    })
})

describe('given emissions without time, or for every partition', () => {
  const emitting = (more: Partial<Emission>): KeyedProcess<never> => ({
    name: 'emitting',
    accepts: ['test.event'],
    onEvent: () =>
      completeStep('emitted', undefined, [
        { name: 'one', to: 'events', key: 'k', type: 'test.one', source: '/emitting', data: {}, ...more },
      ]),
  })
  const publishedBy = async (more: Partial<Emission>) => {
    const stage = new Stage(emitting(more))
    await stage.batch(records(event('1', 'test.event')))
    return stage
  }

  it('when one is untimed, then its event has no time, and any other has that of its cause', async () => {
    const [untimed, timed] = [await publishedBy({ untimed: true }), await publishedBy({})]
    assert.deepEqual(
      [untimed, timed].map(stage => stage.eventsAfter(0).map(({ time }) => time)),
      [[undefined], ['2026-03-01T12:00:00.000Z']],
    )
  })

  it('when one goes to every partition, then its record says so', async () => {
    const { publisher } = await publishedBy({ everyPartition: true, key: null })
    assert.deepEqual(
      publisher.publishedRecords.map(({ everyPartition, key }) => [everyPartition, key]),
      [[true, null]],
    )
  })

  it('when one goes to a partition, then its record says so', async () => {
    const { publisher } = await publishedBy({ partition: 2 })
    assert.deepEqual(
      publisher.publishedRecords.map(({ partition }) => partition),
      [2],
    )
  })

  for (const [where, more] of [
    ['a partition below 0', { partition: -1 }],
    ['half a partition', { partition: 0.5 }],
    ['a partition and every partition', { partition: 0, everyPartition: true }],
  ] as const)
    it(`when one goes to ${where}, then its step fails and nothing of it is published`, async () => {
      const { outcomes, publisher } = await publishedBy(more)
      assert.deepEqual(outcomes, ['failed/unexpected-error'])
      assert.ok(publisher.publishedRecords.every(({ topic }) => topic.includes('failures')))
    })
})
