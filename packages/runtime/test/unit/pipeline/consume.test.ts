import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PartitionStopped, RecordRefused, Unavailable } from '../../../pipeline/errors.ts'
import type { OffsetRange } from '../../../pipeline/model/log.ts'
import type { LogReader } from '../../../pipeline/ports.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'

describe('a batch', () => {
  it('given a traced reading, then what it causes is in its trace, under a span of its own', async () => {
    const stage = new Stage()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await stage.batch([record(0, reading('a')), record(1, reading('b', { extensions: { traceparent } }))])
    const continued = stage.events[0]?.extensions?.traceparent ?? ''
    assert.match(continued, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/)
    assert.notEqual(continued, traceparent)
  })

  it('given a batch that is not in the order of the log, then its records are decided in that order', async () => {
    // Nothing is missing, so the log need not be read.
    const stage = new Stage(undefined, { log: { read: () => Promise.reject(new Error('read')) } })
    const batch = [record(2, reading('c')), record(0, reading('a')), record(1, reading('b'))]
    assert.deepEqual(await stage.batch(batch), { batchItemFailures: [] })
    assert.deepEqual(
      stage.observer.decisions.map(({ offset, event }) => [offset, event?.id]),
      [
        [0, 'a'],
        [1, 'b'],
        [2, 'c'],
      ],
    )
  })

  it('given an event without any record, then it is refused: an empty check must not succeed', async () => {
    await assert.rejects(new Stage().batch([]), /contains no records/)
  })
})

describe('records that were not delivered and cannot be read', () => {
  const errors: [what: string, error: Error, reason: string][] = [
    ['Kafka is away', new Unavailable('broker-unavailable', 'away'), 'broker-unavailable'],
    ['a batch in the log is corrupt', new PartitionStopped('log-unreadable', 'corrupt'), 'log-unreadable'],
    ['the log reader has a bug', new TypeError('cannot read properties of undefined'), 'unexpected-error'],
  ]
  for (const [what, error, reason] of errors)
    it(`given that ${what}, then the batch is deferred with the error ${reason}`, async () => {
      const log: LogReader = { read: () => Promise.reject(error) }
      const stage = new Stage(undefined, { log })
      await stage.batch([record(0, reading('a'))])
      const { batchItemFailures } = await stage.batch([record(2, reading('c')), record(3, reading('d'))])
      assert.deepEqual(
        batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset),
        [2, 3],
      )
      assert.deepEqual(await stage.state(ENTITY), { count: 1 })
      const [wait, ...more] = stage.observer.waits
      assert.deepEqual([wait?.reason, wait?.error, more], [reason, error, []])
    })
})

describe('an outbox that cannot be trimmed', () => {
  it('given that trimming fails, then the batch has succeeded and the repeat has the same id', async () => {
    const stage = new Stage()
    const trimOutbox = stage.store.trimOutbox.bind(stage.store)
    stage.store.trimOutbox = () => Promise.reject(new Unavailable('store-unavailable', 'away'))
    const response = await stage.batch([record(0, reading('a')), record(1, reading('b'))])
    assert.deepEqual(response, { batchItemFailures: [] })
    assert.equal(stage.observer.list('outbox-not-trimmed').length, 1)
    stage.store.trimOutbox = trimOutbox
    await stage.batch([record(2, reading('c'))])
    assert.deepEqual(new Set(stage.events.map(({ id }) => id)).size, 1)
    assert.equal(stage.events.length, 2)
  })
})

it('given a transaction marker after each record, then one read finds that nothing is in between', async () => {
  const at = [0, 2, 4, 6].map(offset => record(offset, reading(`r${offset}`)))
  const memory = new MemoryLogReader(at)
  const ranges: OffsetRange[] = []
  const log: LogReader = {
    read(topic, partition, range) {
      if (range.fromOffset > 0) ranges.push(range)
      return memory.read(topic, partition, range)
    },
  }
  const stage = new Stage(undefined, { log })
  await stage.batch(at.slice(0, 1))
  await stage.batch(at.slice(1))
  assert.deepEqual(await stage.state(ENTITY), { count: 4 })
  assert.deepEqual(ranges, [{ fromOffset: 1, toOffset: 5 }])
})

it('given what stops or defers a partition, then a log line can name the kind of the error', () => {
  const errors = [
    new Unavailable('store-unavailable', 'why'),
    new PartitionStopped('another-log', 'why'),
    new RecordRefused('why'),
  ]
  assert.deepEqual(errors.map(String), ['Unavailable: why', 'PartitionStopped: why', 'RecordRefused: why'])
})
