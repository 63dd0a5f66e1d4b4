import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { logRecord } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { type SearchLimits, searchNewest } from '../../../../control/queries/records/search-newest.ts'

const ALL = { mostRecords: 100_000 }
const record = (partition: number, offset: number, text = `v${offset}`) =>
  logRecord(offset, { value: Buffer.from(text) }, { topic: 't', partition })
const range = (partition: number, start: number, end: number) => ({ topic: 't', partition, start, end })

/** A log of two partitions, the first with 2,000 records. */
const LOG = new MemoryLogReader([
  ...Array.from({ length: 2_000 }, (_, offset) => record(0, offset)),
  ...Array.from({ length: 3 }, (_, offset) => record(1, offset)),
])

async function search(
  limits: SearchLimits & { holding?: string },
  wantsMore: (found: number) => boolean = () => true,
) {
  const steps: number[][] = []
  const searched = await searchNewest(LOG, [range(0, 0, 2_000), range(1, 0, 3)], limits, records => {
    steps.push(records.map(({ partition, offset }) => partition * 10_000 + offset))
    return wantsMore(steps.flat().length)
  })
  return { searched, steps, found: steps.flat() }
}

describe('a search from the newest records backwards', () => {
  it('given no limit that matters, then every record is given once, the newest steps first', async () => {
    const { searched, steps, found } = await search(ALL)
    assert.deepEqual(searched, { records: 2_003, ended: 'whole' })
    assert.equal(new Set(found).size, 2_003)
    assert.equal(found.length, 2_003)
    assert.equal(steps[0]?.[0], 1_500, 'the first step is small')
    assert.deepEqual(steps[0]?.slice(-3), [10_000, 10_001, 10_002])
    assert.ok((steps[1]?.at(-1) ?? 0) < 1_500)
  })

  it('given enough, then nothing older is read', async () => {
    const { searched, found } = await search(ALL, count => count < 10)
    assert.deepEqual(searched, { records: 503, ended: 'enough' })
    assert.equal(found.length, 503)
  })

  it('given an upper bound, then no more than that is looked at, and the answer says so', async () => {
    const { searched, found } = await search({ mostRecords: 800 })
    assert.equal(searched.ended, 'limit')
    assert.ok(searched.records <= 800, String(searched.records))
    assert.ok(found.includes(1_999))
    assert.ok(!found.includes(0))
  })

  it('given a signal that is aborted, then it ends with what it has', async () => {
    const over = new AbortController()
    const { searched } = await search({ ...ALL, signal: over.signal }, () => {
      over.abort()
      return true
    })
    assert.deepEqual(searched, { records: 503, ended: 'limit' })
  })

  it('given a text, then records without it may be left out, but all are looked at', async () => {
    const { searched, found } = await search({ ...ALL, holding: 'v1999' })
    assert.deepEqual(searched, { records: 2_003, ended: 'whole' })
    assert.deepEqual(found, [1_999])
  })

  it('given ranges without a record, then nothing is read', async () => {
    const searched = await searchNewest(LOG, [range(0, 5, 5), range(1, 3, 2)], ALL, () => assert.fail())
    assert.deepEqual(searched, { records: 0, ended: 'whole' })
  })

  it('given large records, then only so many are in memory at once, and each is given once', async () => {
    const log = new MemoryLogReader(
      Array.from({ length: 200 }, (_, offset) => record(0, offset, 'x'.repeat(10_000))),
      5,
    )
    const steps: number[][] = []
    const limits = { ...ALL, mostBytes: 300_000 }
    const searched = await searchNewest(log, [range(0, 0, 200)], limits, records =>
      Boolean(steps.push(records.map(({ offset }) => offset))),
    )
    assert.deepEqual(searched, { records: 200, ended: 'whole' })
    assert.ok(steps.every(({ length }) => length < 30))
    assert.equal(new Set(steps.flat()).size, 200)
    assert.ok(steps[0]?.includes(199))
  })

  it('given one record that is larger than the bound, then it is given all the same', async () => {
    const log = new MemoryLogReader([record(0, 0, 'x'.repeat(10_000)), record(0, 1)])
    const found: number[] = []
    const searched = await searchNewest(log, [range(0, 0, 2)], { ...ALL, mostBytes: 1_000 }, records =>
      Boolean(found.push(...records.map(({ offset }) => offset))),
    )
    assert.deepEqual([searched.ended, found], ['whole', [1, 0]])
  })

  it('given that time is over within a step, then nothing more of it is read', async () => {
    const over = new AbortController()
    const inSmallReads = new MemoryLogReader(
      Array.from({ length: 2_000 }, (_, offset) => record(0, offset)),
      10,
    )
    let reads = 0
    const log = {
      read: (...asked: Parameters<MemoryLogReader['read']>) => {
        reads += 1
        if (reads === 60) over.abort()
        return inSmallReads.read(...asked)
      },
    }
    const searched = await searchNewest(
      log,
      [range(0, 0, 2_000)],
      { ...ALL, signal: over.signal },
      () => true,
    )
    assert.deepEqual(searched, { records: 500, ended: 'limit' })
    assert.equal(reads, 60)
  })
})
