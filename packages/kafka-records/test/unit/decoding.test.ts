import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FetchedPartition } from '../../decode-partition.ts'
import type { FetchedRecord } from '../../fetched-record.ts'
import { TimedDecoder } from '../../timed-decoder.ts'

const at = (fromOffset: number, partition = 0): FetchedPartition => ({
  topic: 't',
  partition,
  fromOffset,
  bytes: Buffer.alloc(0),
  aborted: [],
})
const RECORDS = [{ offset: '7' }] as FetchedRecord[]
const now = () => performance.now()

/** Decoding that completes when the test says so. */
function staged(nowMs?: () => number) {
  const begun: { place: string; done: PromiseWithResolvers<FetchedRecord[]> }[] = []
  const decoding = new TimedDecoder(({ partition, fromOffset }) => {
    const done = Promise.withResolvers<FetchedRecord[]>()
    begun.push({ place: `${partition}@${fromOffset}`, done })
    return done.promise
  }, nowMs)
  return { decoding, begun }
}

describe('decoding that exceeds the time limit of a response', () => {
  it('given that it is not done in time, then a later response has its records', async () => {
    const { decoding, begun } = staged()
    assert.deepEqual(await decoding.decodePartition(at(7), now()), [])
    assert.deepEqual(await decoding.decodePartition(at(7), now()), [])
    begun[0]?.done.resolve(RECORDS)
    assert.deepEqual(await decoding.decodePartition(at(7), now() + 60_000), RECORDS)
    assert.deepEqual(
      begun.map(({ place }) => place),
      ['0@7'],
    )
    // Returned records are not kept.
    assert.deepEqual(await decoding.decodePartition(at(7), now()), [])
    assert.equal(begun.length, 2)
  })

  it('given no request for a minute, then its records are dropped', async () => {
    let nowMs = 0
    const { decoding, begun } = staged(() => nowMs)
    await decoding.decodePartition(at(7), now())
    begun[0]?.done.resolve(RECORDS)
    await decoding.decodePartition(at(7, 1), now())
    nowMs = 61_000
    await decoding.decodePartition(at(7, 2), now())
    void decoding.decodePartition(at(7), now() + 60_000)
    assert.deepEqual(
      begun.map(({ place }) => place),
      ['0@7', '1@7', '2@7', '0@7'],
    )
    begun[3]?.done.resolve(RECORDS)
  })

  it('given that it never ends, then a response throws after ten minutes, and the next starts it again', async () => {
    let nowMs = 0
    const { decoding, begun } = staged(() => nowMs)
    for (; nowMs <= 600_000; nowMs += 50_000)
      assert.deepEqual(await decoding.decodePartition(at(7), now()), [])
    await assert.rejects(decoding.decodePartition(at(7), now()), {
      message: /^t\/0 at offset 7: .* within 10 minutes, and are fetched again$/,
      retriable: false,
    })
    assert.equal(begun.length, 1)
    void decoding.decodePartition(at(7), now() + 60_000)
    assert.equal(begun.length, 2)
    begun[1]?.done.resolve(RECORDS)
  })

  it('given that it fails, then the next response throws, and the one after it starts again', async () => {
    const { decoding, begun } = staged()
    await decoding.decodePartition(at(7), now())
    begun[0]?.done.reject(new Error('corrupt'))
    await assert.rejects(decoding.decodePartition(at(7), now() + 60_000), /corrupt/)
    await decoding.decodePartition(at(7), now())
    assert.equal(begun.length, 2)
  })
})
