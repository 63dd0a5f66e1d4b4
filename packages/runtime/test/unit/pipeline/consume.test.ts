import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { confirmSegment } from '../../../consumer/segment-sink.ts'
import type { Process } from '../../../pipeline/consumer.ts'
import { PartitionStopped, RecordRefused, Unavailable } from '../../../pipeline/errors.ts'
import type { OffsetRange } from '../../../pipeline/model/log.ts'
import type { LogReader } from '../../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { READING_TYPES } from '../../support/application.ts'
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
  const accepts = READING_TYPES
  const consumers: [shape: string, process?: Process][] = [
    ['a process'],
    ['a sink', { name: 'sink', accepts, deliver: async () => [] }],
    [
      'a segment sink',
      { name: 'segments', accepts, segments: { offsets: 2 }, write: async () => confirmSegment('written') },
    ],
  ]
  // Promise docs/guarantees.md#What happened is emitted
  for (const [shape, process] of consumers)
    for (const fault of ['refused', 'not answered'])
      it(`given ${shape} and a trim that is ${fault}, then a repeat of the batch publishes the same ids and trims`, async () => {
        const stage = new Stage(process)
        const trimOutbox = stage.store.trimOutbox.bind(stage.store)
        stage.store.trimOutbox = async (...wanted) => {
          if (fault === 'not answered') await trimOutbox(...wanted)
          throw new Unavailable('store-unavailable', 'away')
        }
        // They fail, because they have no headers.
        const batch = [0, 1].map(offset => ({ ...record(offset, reading('a')), headers: [] }))
        const deliver = async () =>
          (await stage.batch(batch)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)
        assert.deepEqual(await deliver(), [0, 1])
        const reasons = stage.observer.waits.map(({ reason }) => reason)
        assert.deepEqual(reasons, ['store-unavailable'])
        assert.equal(stage.observer.list('outbox-not-trimmed').length, 1)
        stage.store.trimOutbox = trimOutbox
        assert.deepEqual(await deliver(), [])
        const { outbox } = await stage.store.load(stage.stateKey(), EMPTY_SELECTION)
        const ids = stage.events.map(({ id }) => id)
        assert.deepEqual([outbox.length, new Set(ids).size, ids.length], [0, 2, fault === 'refused' ? 4 : 2])
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
