/** Promises of a forwarder, for every store of its cursors. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../cloudevents/record.ts'
import { type Forwarder, forwardRecord, skipRecord } from '../../consumer/forwarder.ts'
import { reject } from '../../consumer/process.ts'
import { RecordRefused, Unavailable } from '../../pipeline/errors.ts'
import type { Cursors } from '../../pipeline/ports.ts'
import { MemoryLogReader } from '../../testing/memory-log-reader.ts'
import { DELAY_MS, delaying, ForwardStage, TARGET, waiting } from '../support/forward-stage.ts'

const OFFSETS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const LOG = OFFSETS.map(offset => waiting(offset))

export function conformsAsForwarder(name: string, cursors: () => Cursors): void {
  const on = (log: readonly LogRecord[], ...more: [Omit<Forwarder, 'name'>?, ((topic: string) => number)?]) =>
    new ForwardStage(`forwarder-${randomUUID()}`, cursors(), log, ...more)

  describe(`a forwarder, with its cursors in ${name}`, () => {
    it('given records that are due, then they are forwarded once, in order and byte for byte', async () => {
      const stage = on(LOG)
      assert.deepEqual(await stage.wake(), { forwarded: 10, failed: 0, skipped: 0, deferred: 0 })
      assert.deepEqual(
        stage.target,
        LOG.map(({ key, value, headers }) => ({ topic: TARGET, partition: 0, key, value, headers })),
      )
      assert.equal((await stage.wake()).forwarded, 0)
      assert.deepEqual(stage.sent, OFFSETS)
      assert.equal((await cursors().read(stage.stateKey()))?.next, 10)
    })

    it('given a record that is not due, then it waits with all after it, until it is', async () => {
      const late = [0, 0, 3, 1, 3].map((minutes, offset) => waiting(offset, { at: minutes * DELAY_MS }))
      const stage = on(late)
      const soon = await stage.wake({ nowMs: () => 2 * DELAY_MS })
      assert.deepEqual(soon, { forwarded: 2, failed: 0, skipped: 0, nextDueMs: 4 * DELAY_MS, deferred: 0 })
      assert.equal((await stage.wake({ nowMs: () => 4 * DELAY_MS - 1 })).forwarded, 0)
      assert.equal((await stage.wake({ nowMs: () => 4 * DELAY_MS })).forwarded, 3)
      assert.deepEqual(stage.sent, [0, 1, 2, 3, 4])
      assert.deepEqual(stage.observer.waits, [])
    })

    it('given offsets without records, then they are passed over, and a last one is waited for no more', async () => {
      const stage = on([1, 4, 9].map(offset => waiting(offset)))
      await stage.wake()
      assert.deepEqual(stage.sent, [1, 4, 9])
      assert.equal((await cursors().read(stage.stateKey()))?.next, 10)
    })

    it('given a log that begins with transaction markers only, then the cursor passes them', async () => {
      const stage = on([3, 4].map(offset => waiting(offset)))
      const markers = { records: [], nextOffset: 3, logStart: 0 }
      const ports = {
        log: { read: async () => markers },
        bounds: { bounds: async () => [{ start: 0, end: 3 }] },
      }
      assert.equal((await stage.wake({ ports })).deferred, 0)
      assert.deepEqual(await cursors().read(stage.stateKey()), { next: 3 })
      await stage.wake()
      assert.deepEqual(stage.sent, [3, 4])
    })

    it('given several partitions, then one that fails does not stop the others', async () => {
      const stage = on([...LOG, waiting(0, { partition: 1 }), waiting(1, { partition: 1 })])
      const { log } = stage.ports
      const read: typeof log.read = (topic, partition, range) =>
        partition === 0
          ? Promise.reject(new Unavailable('broker-unavailable', 'away'))
          : log.read(topic, partition, range)
      const { forwarded, deferred } = await stage.wake({ ports: { log: { read } } })
      assert.deepEqual([forwarded, deferred, stage.observer.waits[0]?.reason], [2, 1, 'broker-unavailable'])
      assert.equal((await stage.wake()).forwarded, 10)
    })

    // Promise docs/failures.md#how-a-record-returns
    it('given a kill between publishing and the cursor, then that chunk comes again, and nothing is lost', async () => {
      const stage = on(LOG)
      const killed: Cursors = {
        read: key => cursors().read(key),
        advance: () => Promise.reject(new Unavailable('store-unavailable', 'killed')),
      }
      assert.equal((await stage.wake({ ports: { cursors: killed } })).deferred, 1)
      await stage.wake()
      assert.deepEqual(stage.sent, [0, 1, 2, 3, ...OFFSETS])
      assert.deepEqual(stage.target.slice(0, 4), stage.target.slice(4, 8))
    })

    it('given a publisher that fails, then the cursor stays before what it did not take', async () => {
      const stage = on(LOG)
      let calls = 0
      const publish: typeof stage.publisher.publish = records => {
        calls += 1
        return calls === 2
          ? Promise.reject(new Unavailable('broker-unavailable', 'away'))
          : stage.publisher.publish(records)
      }
      await stage.wake({ ports: { publisher: { publish } } })
      assert.equal((await cursors().read(stage.stateKey()))?.next, 4)
      await stage.wake()
      assert.deepEqual(stage.sent, OFFSETS)
    })

    it('given two invocations at once, then nothing is lost, and first copies are in order', async () => {
      const stage = on(LOG)
      const results = await Promise.all([stage.wake(), stage.wake()])
      assert.deepEqual([...new Set(stage.sent)], OFFSETS)
      // The one that was slower has stopped after one chunk.
      assert.ok(stage.sent.length <= 14, `${stage.sent}`)
      assert.equal(
        results.reduce((sum, { forwarded }) => sum + forwarded, 0),
        10,
      )
      await stage.wake()
      assert.equal((await cursors().read(stage.stateKey()))?.next, 10)
    })

    it('given one that was paused while another continued, then it stops and does not move the cursor back', async () => {
      const stage = on(LOG)
      const late: Cursors = {
        read: key => cursors().read(key),
        async advance(key, from, to) {
          if (from === undefined) await stage.wake()
          return cursors().advance(key, from, to)
        },
      }
      const stood = await stage.wake({ ports: { cursors: late } })
      assert.deepEqual([stood.forwarded, stage.observer.waits.at(-1)?.reason], [0, 'contended'])
      assert.equal((await cursors().read(stage.stateKey()))?.next, 10)
    })

    it('given records that expired before they were forwarded, then they are reported, and it continues', async () => {
      const stage = on(LOG)
      await cursors().advance(stage.stateKey(), undefined, { next: 2 })
      stage.log.splice(0, 5)
      await stage.wake()
      assert.deepEqual(stage.observer.list('expired'), [{ fromOffset: 2, toOffset: 4 }])
      assert.deepEqual(stage.sent, [5, 6, 7, 8, 9])
    })

    it('given that all have expired, then they are reported, and the next record is forwarded', async () => {
      const stage = on([waiting(7)])
      await cursors().advance(stage.stateKey(), undefined, { next: 2 })
      await stage.wake()
      assert.deepEqual(stage.observer.list('expired'), [{ fromOffset: 2, toOffset: 6 }])
      assert.deepEqual(stage.sent, [7])
    })

    it('given a log that ends before the cursor, then it is another one, and the partition stops', async () => {
      const stage = on(LOG)
      await cursors().advance(stage.stateKey(), undefined, { next: 11 })
      assert.deepEqual((await stage.wake()).deferred, 1)
      const [wait] = stage.observer.waits
      assert.equal(wait?.reason, 'another-log')
      assert.match(String(wait?.error), /ends at offset 10, but .* up to 11: .*:cursor in Redis/)
      assert.deepEqual(stage.sent, [])
    })

    it('given that nothing is due, then nothing is written, neither to the topic nor to the cursor', async () => {
      const stage = on(LOG)
      await stage.wake({ nowMs: () => 0 })
      assert.deepEqual(stage.publisher.publishedRecords, [])
      assert.equal(await cursors().read(stage.stateKey()), undefined)
    })

    it('given little time, then it stops between two chunks, reports that, and continues there', async () => {
      const stage = on(LOG)
      const ports = { log: new MemoryLogReader(stage.log) }
      Object.assign(stage.consumer, { limits: { ...stage.consumer.limits, records: 3 } })
      const left = [60_000, 60_000, 60_000, 0]
      const { forwarded, deferred } = await stage.wake({ ports, remainingMs: () => left.shift() ?? 0 })
      assert.deepEqual([forwarded, deferred], [6, 1])
      assert.deepEqual(
        stage.observer.waits.map(({ fromOffset, reason }) => [fromOffset, reason]),
        [[6, 'out-of-time']],
      )
      assert.equal((await stage.wake()).forwarded, 4)
      assert.deepEqual(stage.sent, OFFSETS)
    })

    it('given a log made anew that has passed the cursor, then it is another one, and the partition stops', async () => {
      const stage = on(LOG.slice(0, 5))
      await stage.wake()
      stage.log.splice(0, 5, ...OFFSETS.map(offset => waiting(offset, { bytes: 1 })))
      assert.equal((await stage.wake()).deferred, 1)
      const [wait] = stage.observer.waits
      assert.equal(wait?.reason, 'another-log')
      assert.match(String(wait?.error), /not have the record at offset 4 that .* last: .*:cursor in Redis/)
      assert.deepEqual(stage.sent, [0, 1, 2, 3, 4])
    })

    it('given that the record forwarded last has expired, then the log cannot be compared, and it continues', async () => {
      const stage = on(LOG.slice(0, 5))
      await stage.wake()
      stage.log.splice(0, 5, ...LOG.slice(5))
      assert.equal((await stage.wake()).deferred, 0)
      assert.deepEqual(stage.sent, OFFSETS)
      assert.deepEqual(stage.observer.list('expired'), [])
    })

    it('given a read that returns only the record forwarded last, then the next one is read', async () => {
      const stage = on(LOG.slice(0, 5))
      await stage.wake()
      stage.log.push(...LOG.slice(5))
      const { log } = stage.ports
      const read: typeof log.read = (topic, partition, { fromOffset }) =>
        log.read(topic, partition, { fromOffset, toOffset: fromOffset })
      assert.equal((await stage.wake({ ports: { log: { read } } })).forwarded, 5)
      assert.deepEqual(stage.sent, OFFSETS)
    })

    it('given a target of another environment, then the record fails and blocks nothing', async () => {
      const { forward, ...rest } = delaying
      const astray: typeof delaying = {
        ...rest,
        async forward(record, nowMs) {
          const forwarding = await forward(record, nowMs)
          if (forwarding.kind !== 'forwarded' || record.offset !== 3) return forwarding
          return { ...forwarding, record: { ...forwarding.record, topic: TARGET.replace('test', 'prod') } }
        },
      }
      const stage = on(LOG, astray)
      await stage.wake()
      assert.deepEqual(stage.failures, ['emission-refused 3'])
      assert.deepEqual(stage.sent, [0, 1, 2, 4, 5, 6, 7, 8, 9])
    })

    it('given records that Kafka refuses for good, then their failures stand in their places', async () => {
      const log = OFFSETS.map(offset => waiting(offset, { bytes: offset % 4 === 1 ? 5_000 : 0 }))
      const stage = on(log, delaying, topic => (topic === TARGET ? 4_000 : Number.POSITIVE_INFINITY))
      assert.deepEqual(await stage.wake(), { forwarded: 7, failed: 3, skipped: 0, deferred: 0 })
      assert.deepEqual([...new Set(stage.sent)], [0, 2, 3, 4, 6, 7, 8])
      assert.deepEqual(stage.failures, ['emission-refused 1', 'emission-refused 5', 'emission-refused 9'])
      assert.equal(stage.observer.list('refused').flatMap(({ entries }) => entries).length, 3)
      assert.equal((await stage.wake()).failed, 0)
    })

    it('given records that it rejects, leaves out or cannot send, then each is reported and the rest is sent', async () => {
      const stage = on(LOG, {
        from: delaying.from,
        forward: ({ offset, partition, key, value, headers }) => {
          if (offset === 2) return reject('no way back')
          if (offset === 4) return skipRecord('old')
          if (offset === 6) throw new TypeError('a bug')
          const topic = offset === 8 ? 'elsewhere' : TARGET
          return forwardRecord('sent-on', { topic, partition, key, value, headers })
        },
      })
      assert.deepEqual(await stage.wake(), { forwarded: 6, failed: 3, skipped: 1, deferred: 0 })
      assert.deepEqual(stage.sent, [0, 1, 3, 5, 7, 9])
      assert.deepEqual(stage.failures, ['rejected 2', 'unexpected-error 6', 'emission-refused 8'])
    })

    it('given a skipped record before one that Kafka alone refuses of its request, then the refused one fails', async () => {
      const stage = on(LOG.slice(0, 3), {
        ...delaying,
        forward: (record, nowMs) =>
          record.offset === 0 ? skipRecord('old') : delaying.forward(record, nowMs),
      })
      const publish: typeof stage.publisher.publish = async records => {
        const isRefused = ({ topic, key }: (typeof records)[number]) => topic === TARGET && key?.[0] === 1
        await stage.publisher.publish(records.filter(record => !isRefused(record)))
        const unwritten = [...records.keys()].filter(n => isRefused(records[n] as (typeof records)[number]))
        if (unwritten.length > 0) throw Object.assign(new RecordRefused('too large'), { unwritten })
      }
      await stage.wake({ ports: { publisher: { publish } } })
      assert.deepEqual([stage.sent, stage.failures], [[2], ['emission-refused 1']])
    })

    it('given a record whose value was not read, for its size, then it fails and is not sent without it', async () => {
      const stage = on([waiting(0), { ...waiting(1), value: null, oversizeBytes: 9_000_000 }, waiting(2)])
      await stage.wake()
      assert.deepEqual(stage.sent, [0, 2])
      assert.deepEqual(stage.failures, ['record-too-large 1'])
    })

    it('given a version that throws at every record, then they stay, and the next version forwards them', async () => {
      const broken = {
        from: delaying.from,
        forward: () => {
          throw new TypeError('a bug')
        },
      }
      const stage = on(LOG, broken)
      await stage.wake()
      assert.equal(stage.observer.waits[0]?.reason, 'breaker-open')
      assert.deepEqual(stage.failures, [])
      assert.equal(await cursors().read(stage.stateKey()), undefined)
    })
  })
}
