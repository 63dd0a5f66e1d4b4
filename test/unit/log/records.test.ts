import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogReader } from '#runtime/pipeline'
import { logRecord } from '#runtime/test/support/records'
import { type Range, readRecords, toRanges } from '../../../lib/log/read-records.ts'

describe('the records of several partitions', () => {
  const log = (times: Readonly<Record<number, readonly number[]>>, perFetch: number): LogReader => ({
    async read(topic, partition, { fromOffset }) {
      const all = (times[partition] ?? []).map((timestampMs, offset) =>
        logRecord(offset, {}, { topic, partition, timestampMs }),
      )
      return {
        records: all.slice(fromOffset, fromOffset + perFetch),
        nextOffset: Math.min(fromOffset + perFetch, all.length),
        logStart: 0,
      }
    },
  })
  const range = (partition: number, start: number, end: number): Range => ({
    topic: 't',
    partition,
    start,
    end,
  })

  for (const perFetch of [1, 2, 10])
    it(`given ${perFetch} a fetch, then they come in the order of time, and of each partition in its own`, async () => {
      const reader = log({ 0: [1, 5, 3, 9], 1: [2, 4, 6], 2: [] }, perFetch)
      const seen: string[] = []
      for await (const { partition, offset } of readRecords(reader, [
        range(0, 0, 4),
        range(1, 0, 3),
        range(2, 0, 0),
      ]))
        seen.push(`${partition}@${offset}`)
      assert.deepEqual(seen, ['0@0', '1@0', '1@1', '0@1', '0@2', '1@2', '0@3'])
    })

  it('given an end, then no record from there on comes, whatever one fetch brings', async () => {
    const seen: number[] = []
    for await (const { offset } of readRecords(log({ 0: [1, 2, 3, 4, 5] }, 10), [range(0, 1, 3)]))
      seen.push(offset)
    assert.deepEqual(seen, [1, 2])
  })

  it('given how far a topic reaches, then its ranges begin there, or at the time that was looked up', () => {
    const bounds = [
      { start: 3, end: 9 },
      { start: 0, end: 4 },
    ]
    assert.deepEqual(toRanges('t', { bounds, atTime: [] }), [range(0, 3, 9), range(1, 0, 4)])
    assert.deepEqual(toRanges('t', { bounds, atTime: [2, 4] }), [range(0, 3, 9), range(1, 4, 4)])
  })
})
