import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tick } from '../../../lib/domain/telemetry/tick.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'

describe('a batch in the plain case', () => {
  it('given readings, when they come, then each is applied once, in order, and what they cause is published', async () => {
    const stage = new Stage()
    const response = await stage.batch([
      record(0, reading('a')),
      record(1, reading('b')),
      record(2, reading('c')),
    ])
    assert.deepEqual(response, { batchItemFailures: [] })
    assert.deepEqual(stage.outcomes, Array(3).fill('applied/counted'))
    assert.deepEqual(await stage.state(ENTITY), { count: 3 })
    assert.deepEqual(
      stage.events.map(({ data }) => data),
      [{ count: 2 }],
    )
    assert.equal(stage.publisher.calls, 1)
  })

  it('given an emission, then its id and time follow from its cause, and its sequence from the place of that', async () => {
    const [first, second] = [new Stage(), new Stage()]
    const log = [record(0, reading('a')), record(1, reading('b', { at: 7 }))]
    await first.batch(log)
    await second.batch(log.slice(0, 1))
    await second.batch(log.slice(1))
    assert.deepEqual(first.events, second.events)
    assert.equal(first.events[0]?.time, '2026-03-01T12:00:07.000Z')
    assert.equal(first.events[0]?.extensions?.sequence, '0.0000000000000001.00000000')
  })

  it('given a traced reading, then what it causes is in its trace, under a span of its own', async () => {
    const stage = new Stage()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await stage.batch([record(0, reading('a')), record(1, reading('b', { extensions: { traceparent } }))])
    const continued = stage.events[0]?.extensions?.traceparent ?? ''
    assert.match(continued, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/)
    assert.notEqual(continued, traceparent)
  })

  it('given ticks and events of other types, then they are ignored with a reason', async () => {
    const stage = new Stage()
    const other = { id: 'x', source: '/elsewhere', type: 'com.example.other', data: {} }
    await stage.batch([record(0, tick(0, '2026-03-01T12:00:00Z')), record(1, other)])
    assert.deepEqual(stage.outcomes, ['ignored/tick', 'ignored/not-mine'])
  })

  it('given several partitions, then each has a slot of its own', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(0, reading('b'), { partition: 1 })])
    assert.deepEqual(await stage.state(ENTITY, 0), { count: 1 })
    assert.deepEqual(await stage.state(ENTITY, 1), { count: 1 })
  })

  it('given an event without any record, then it is refused: a check of nothing is no success', async () => {
    await assert.rejects(new Stage().batch([]), /holds no record/)
  })
})

describe('what came before', () => {
  it('given a batch that was processed, when it is delivered again, then nothing happens a second time', async () => {
    const stage = new Stage()
    const batch = [record(0, reading('a')), record(1, reading('b'))]
    await stage.batch(batch)
    await stage.batch(batch)
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    assert.equal(stage.publisher.published.length, 1)
    assert.equal(stage.observer.redeliveries, 2)
  })

  it('given a reading sent again at another offset, then it is a duplicate by its source and id', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('a'))])
    await stage.batch([record(2, reading('a'))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/id-known', 'duplicate/id-known'])
    assert.deepEqual(await stage.state(ENTITY), { count: 1 })
  })

  it('given equal ids of two sources, then both are applied: an id alone names nothing', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('a', { source: '/environment/other' }))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'applied/counted'])
  })

  it('given the members of the data in another order, then it is the same content', async () => {
    const stage = new Stage()
    const again = reading('a')
    const data = Object.fromEntries(Object.entries(again.data as object).reverse())
    await stage.batch([record(0, reading('a')), record(1, { ...again, data })])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/id-known'])
  })

  it('given the same id with other content, then the second fails, naming both digests', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('a', { temperature: 21 }))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/id-conflict'])
    assert.match(stage.observer.decisions[1]?.fault?.message ?? '', /[0-9a-f]{16}.*[0-9a-f]{16}/)
  })

  it('given an id older than the window on the clock of the log, then it is new again', async () => {
    const stage = new Stage()
    const at = (ms: number) => ({ timestampMs: Date.parse('2026-03-01T13:00:00Z') + ms })
    // The clock takes two minutes of a pause at most, so it needs many records to pass an hour.
    const filler = Array.from({ length: 31 }, (_, index) =>
      record(index + 1, tick(0, '2026-03-01T12:00:00Z'), at((index + 1) * 120_000)),
    )
    await stage.batch([record(0, reading('a'), at(0)), ...filler.slice(0, 30)])
    await stage.batch([record(31, reading('a'), at(30 * 120_000))])
    await stage.batch([record(32, reading('a'), at(30 * 120_000 + 1))])
    assert.deepEqual(
      stage.outcomes.filter(outcome => outcome !== 'ignored/tick'),
      ['applied/counted', 'duplicate/id-known', 'applied/counted'],
    )
  })
})
