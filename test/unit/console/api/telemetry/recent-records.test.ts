import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import { computePartition } from '#runtime/consumer'
import { logRecord } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import {
  type Period,
  type Recent,
  type RecentOptions,
  readRecent,
} from '../../../../../console/api/telemetry/recent-records.ts'

const START_MS = 1_000_000

type Text = { readonly timeMs: number; readonly text: string }

/** A log of two partitions that grows: a record a second, in turn. Records with `x` are what is wanted. */
class GrowingLog {
  records: LogRecord[] = []
  reads = 0

  append(...texts: string[]): this {
    for (const text of texts) {
      const partition = this.records.length % 2
      const offset = this.records.filter(record => record.partition === partition).length
      const timestampMs = START_MS + this.records.length * 1_000
      const place = { topic: 't', partition, timestampMs }
      this.records.push(logRecord(offset, { value: Buffer.from(text) }, place))
    }
    return this
  }

  /** Returns queries, each of which continues after the last one. */
  recent(more: Partial<RecentOptions<Text>> = {}) {
    const of = (partition: number) => this.records.filter(record => record.partition === partition)
    const options: RecentOptions<Text> = {
      log: async () => {
        const log = new MemoryLogReader(this.records)
        const read: typeof log.read = (...args) => {
          this.reads++
          return log.read(...args)
        }
        return { read }
      },
      offsets: async () => ({
        bounds: async () => [0, 1].map(partition => ({ start: 0, end: of(partition).length })),
        at: async (_, timeMs) =>
          [0, 1].map(partition => {
            const first = of(partition).findIndex(({ timestampMs }) => timestampMs >= timeMs)
            return first < 0 ? of(partition).length : first
          }),
      }),
      topic: 't',
      find: async records =>
        records.flatMap(({ value, timestampMs }) => {
          const text = String(value)
          return text.startsWith('x') ? [{ text, timeMs: timestampMs }] : []
        }),
      most: 100,
      limits: { mostRecords: 1_000, withinMs: 10_000 },
      ...more,
    }
    let last: Recent<Text> | undefined
    return {
      get: async (period: Period) => {
        last = await readRecent(options, period, last)
        return last
      },
    }
  }
}

const listTexts = ({ found }: { found: readonly { text: string }[] }) => found.map(({ text }) => text)
const SINCE = { sinceMs: START_MS + 2_000 }

describe('recent records of one subject', () => {
  it('given a time, then what was written since is found, in the order of time', async () => {
    const log = new GrowingLog().append('x0', 'x1', 'x2', 'a', 'x4', 'x5')
    assert.deepEqual(listTexts(await log.recent().get(SINCE)), ['x2', 'x4', 'x5'])
  })

  it('given a log that grows, then only what is new is read', async () => {
    const log = new GrowingLog().append('x0', 'x1', 'x2', 'x3')
    const recent = log.recent()
    await recent.get(SINCE)
    log.reads = 0
    await recent.get(SINCE)
    assert.equal(log.reads, 0)
    log.append('x4')
    const { found, searched } = await recent.get(SINCE)
    assert.deepEqual(listTexts({ found }), ['x2', 'x3', 'x4'])
    assert.deepEqual([log.reads, searched], [1, { records: 3, ended: 'whole' }])
  })

  it('given more than is kept, then the newest are', async () => {
    const recent = new GrowingLog().append('x0', 'x1', 'x2', 'x3').recent({ most: 2 })
    assert.deepEqual(listTexts(await recent.get({ sinceMs: 0 })), ['x2', 'x3'])
  })

  it('given one partition, then the others are not looked at', async () => {
    const recent = new GrowingLog().append('x0', 'x1', 'x2', 'x3').recent({ only: [1] })
    assert.deepEqual(listTexts(await recent.get({ sinceMs: 0 })), ['x1', 'x3'])
  })

  it('given a record key, then the partition that it leads to is looked at', async () => {
    const log = new GrowingLog().append('x0', 'x1', 'x2', 'x3')
    const found = async (ofKey: string) =>
      listTexts(await log.recent({ only: [{ ofKey }] }).get({ sinceMs: 0 }))
    const keys = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const key of keys)
      assert.deepEqual(
        await found(key),
        computePartition(Buffer.from(key), 2) === 0 ? ['x0', 'x2'] : ['x1', 'x3'],
      )
    assert.equal(new Set(keys.map(key => computePartition(Buffer.from(key), 2))).size, 2)
  })

  it('given times in the past, then these are looked at first, and the end of the log if nothing is there', async () => {
    const log = new GrowingLog().append('x0', 'x1', 'a', 'a', 'a', 'x5')
    const around = { fromMs: START_MS, untilMs: START_MS + 2_000 }
    assert.deepEqual(listTexts(await log.recent().get({ sinceMs: 0, around })), ['x0', 'x1'])
    const empty = { fromMs: START_MS + 2_000, untilMs: START_MS + 4_000 }
    const recent = log.recent()
    assert.deepEqual(listTexts(await recent.get({ sinceMs: START_MS + 5_000, around: empty })), ['x5'])
    log.append('x6')
    assert.deepEqual(listTexts(await recent.get({ sinceMs: START_MS, around: empty })), ['x5', 'x6'])
  })

  it('given a topic that was made anew, then it begins again', async () => {
    const log = new GrowingLog().append('x0', 'x1', 'x2', 'x3')
    const recent = log.recent()
    await recent.get({ sinceMs: 0 })
    log.records = []
    log.append('x-new')
    assert.deepEqual(listTexts(await recent.get({ sinceMs: 0 })), ['x-new'])
  })

  it('given more new records than may be looked at, then nothing older stays, because there is a gap', async () => {
    const log = new GrowingLog().append('x0')
    const recent = log.recent({ limits: { mostRecords: 4, withinMs: 10_000 } })
    await recent.get({ sinceMs: 0 })
    log.append(...Array.from({ length: 20 }, (_, at) => `x${at + 1}`))
    const { found, searched } = await recent.get({ sinceMs: 0 })
    assert.equal(searched.ended, 'limit')
    assert.equal(listTexts({ found }).at(-1), 'x20')
    assert.ok(!listTexts({ found }).includes('x0'))
  })

  it('given a log that fails once, then the next question starts over', async () => {
    const log = new GrowingLog().append('x0', 'x1')
    let fails = true
    const recent = log.recent({
      find: async () => {
        if (fails) throw new Error('away')
        return [{ timeMs: 0, text: 'found' }]
      },
    })
    await assert.rejects(recent.get({ sinceMs: 0 }), /away/)
    fails = false
    assert.deepEqual(listTexts(await recent.get({ sinceMs: 0 })), ['found'])
  })
})
