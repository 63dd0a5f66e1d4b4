import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Waits } from '../../../../console/api/overview/waits.ts'
import { PartitionStopped, Unavailable } from '../../../../packages/runtime/pipeline/errors.ts'
import type { LogReader } from '../../../../packages/runtime/pipeline/ports.ts'

const T0 = 1_000_000
const LAG = { function: 'alerting', topic: 'readings', group: 'g' }

/** A consumer of one partition. */
const lagAt = (next: number, end: number) => {
  const partitions = [{ partition: 0, next, end, pending: end - next }]
  return [{ ...LAG, pending: end - next, partitions }]
}

/** A log in which each record was written a second after the one before, and how often it was read. */
class Log {
  reads = 0
  isAway = false

  readonly reader = {
    read: async (_topic: string, _partition: number, { fromOffset }: { fromOffset: number }) => {
      this.reads += 1
      if (this.isAway) throw new Unavailable('broker-unavailable', 'Kafka does not answer')
      return { records: [{ offset: fromOffset, timestampMs: T0 - 100_000 + fromOffset * 1_000 }] }
    },
  } as unknown as LogReader
}

const settled = () => new Promise(resolve => setImmediate(resolve))

describe('how long the first pending record has waited', () => {
  it('given a consumer at the end, then nothing waits, and no record is read', async () => {
    const log = new Log()
    const waits = new Waits(async () => log.reader)
    assert.deepEqual(waits.next(lagAt(100, 100), T0), { 'alerting/readings': 0 })
    await settled()
    assert.equal(log.reads, 0)
  })

  it('given records from before the first look, then one is read, and the time is known at the next look', async () => {
    const log = new Log()
    const waits = new Waits(async () => log.reader)
    assert.deepEqual(waits.next(lagAt(40, 100), T0), { 'alerting/readings': null })
    await settled()
    assert.deepEqual(waits.next(lagAt(40, 110), T0 + 2_000), { 'alerting/readings': 62 })
    // No records have to be read until the first look.
    const { 'alerting/readings': waited } = waits.next(lagAt(70, 120), T0 + 4_000)
    assert.ok(Math.abs((waited ?? 0) - 34) < 1, `${waited} s`)
    await settled()
    assert.equal(log.reads, 1)
  })

  it('given records that came while it looked, then their time is known without reading', async () => {
    const log = new Log()
    const waits = new Waits(async () => log.reader)
    waits.next(lagAt(100, 100), T0)
    assert.deepEqual(waits.next(lagAt(104, 110), T0 + 10_000), { 'alerting/readings': 5 })
    await settled()
    assert.equal(log.reads, 0)
  })

  it('given a broker that is away, then the time stays unknown until it answers', async () => {
    const log = new Log()
    const waits = new Waits(async () => log.reader)
    log.isAway = true
    waits.next(lagAt(40, 100), T0)
    await settled()
    assert.deepEqual(waits.next(lagAt(40, 100), T0 + 2_000), { 'alerting/readings': null })
    log.isAway = false
    await settled()
    waits.next(lagAt(40, 100), T0 + 4_000)
    await settled()
    assert.deepEqual(waits.next(lagAt(40, 100), T0 + 6_000), { 'alerting/readings': 66 })
  })

  const failing = (error: Error): LogReader => ({ read: () => Promise.reject(error) })

  it('given a topic that is created again before it is read, then its time is unknown, without an error', async () => {
    const told: unknown[] = []
    const anew = new PartitionStopped('another-log', 'the topic was made anew')
    const waits = new Waits(
      async () => failing(anew),
      error => told.push(error),
    )
    waits.next(lagAt(40, 100), T0)
    await settled()
    assert.deepEqual(waits.next(lagAt(40, 100), T0 + 2_000), { 'alerting/readings': null })
    assert.deepEqual(told, [])
  })

  it('given a fault of Sluice while it reads, then it is reported once, and the next look continues', async () => {
    const told: unknown[] = []
    const fault = new TypeError('no function')
    const waits = new Waits(
      async () => failing(fault),
      error => told.push(error),
    )
    for (const look of [0, 1, 2]) {
      waits.next(lagAt(40, 100), T0 + look * 2_000)
      await settled()
    }
    assert.deepEqual(told, [fault])
  })
})
