import assert from 'node:assert/strict'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import zlib from 'node:zlib'
import { CODEC_NAMES, recordBatch, type WrittenRecord } from '@sluice/test-kit/record-batches'
import { decodePartition } from '../../decode-partition.ts'
import { OpenBatches } from '../../open-batches.ts'

const MIB = 1024 * 1024
const MAX_BYTES = 4 * MIB
const PLACE = { topic: 't', partition: 3 }

/** A mebibyte that says which record it is of. */
function mebibyte(n: number): WrittenRecord {
  return { key: String(n), value: Buffer.alloc(MIB, n) }
}

function createBatch(count: number, codec: (typeof CODEC_NAMES)[number] = 'gzip', baseOffset = 0): Buffer {
  return recordBatch({ records: Array.from({ length: count }, (_, n) => mebibyte(n)), codec, baseOffset })
}

async function read(bytes: Buffer, fromOffset: number, open: OpenBatches, place = PLACE) {
  const records = await decodePartition({ ...place, fromOffset, bytes, aborted: [] }, MAX_BYTES, open)
  for (const { offset, key, value } of records)
    assert.deepEqual([String(key), value?.[0], value?.length], [offset, Number(offset), MIB])
  return records.map(({ offset }) => Number(offset))
}

/** Reads on from the end of each read, until the batch ends. */
async function readAll(batch: Buffer, count: number, open: OpenBatches): Promise<number[]> {
  const seen: number[] = []
  while (seen.length < count) {
    const some = await read(batch, seen.length, open)
    assert.ok(some.length > 0 && some.length <= 4, `${some.length} at once`)
    seen.push(...some)
  }
  return seen
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('a batch that is read in several portions', () => {
  const inflate = zlib.createGunzip
  let inflations: number

  // The decoder imports it by name.
  beforeEach(() => {
    inflations = 0
    mock.method(zlib, 'createGunzip', (options: zlib.ZlibOptions) => {
      inflations += 1
      return inflate(options)
    })
    syncBuiltinESMExports()
  })
  afterEach(() => {
    mock.restoreAll()
    syncBuiltinESMExports()
  })

  it('given reads one after another, then it is inflated once', async () => {
    const count = 40
    assert.deepEqual(await readAll(createBatch(count), count, new OpenBatches(1)), numbers(count))
    assert.equal(inflations, 1)
  })

  it('given two partitions that are read in turn, then each is inflated once, if both may stay open', async () => {
    for (const [most, times] of [
      [2, 2],
      // The last read of one partition leaves nothing, so the other one stays open.
      [1, 5],
    ] as const) {
      inflations = 0
      const open = new OpenBatches(most)
      const batch = createBatch(9)
      for (const next of [0, 3, 6])
        for (const partition of [3, 4])
          assert.deepEqual(await read(batch, next, open, { ...PLACE, partition }), [next, next + 1, next + 2])
      assert.equal(inflations, times, `${most} may stay open`)
    }
  })

  it('given an offset that was passed, or another batch, then it is read from its start', async () => {
    const open = new OpenBatches(1)
    const batch = createBatch(9)
    assert.deepEqual(await read(batch, 0, open), [0, 1, 2])
    // A reader can drop what it has read, and ask for it again.
    assert.deepEqual(await read(batch, 2, open), [2, 3, 4])
    assert.equal(inflations, 2)
    // A topic that was made anew has another batch at the same offsets.
    assert.deepEqual(await read(createBatch(10), 5, open), [5, 6, 7])
    assert.equal(inflations, 3)
    assert.deepEqual(await read(createBatch(10), 8, open), [8, 9])
    assert.equal(inflations, 3)
  })

  it('given a record with more headers than there is room for, then the next read brings it', async () => {
    const headers = numbers(28_000).map(n => [`h${n}`, ''] as const)
    const batch = recordBatch({
      records: [...numbers(3).map(mebibyte), { key: '3', value: Buffer.alloc(MIB, 3), headers }, mebibyte(4)],
      codec: 'gzip',
    })
    const open = new OpenBatches(1)
    assert.deepEqual(await read(batch, 0, open), [0, 1, 2])
    assert.deepEqual(await read(batch, 3, open), [3])
    assert.deepEqual(await read(batch, 4, open), [4])
    assert.equal(inflations, 1)
  })
})

describe('every codec', () => {
  for (const codec of CODEC_NAMES)
    it(`given ${codec}, then a batch that is read in portions has all its records`, async () => {
      assert.deepEqual(await readAll(createBatch(20, codec), 20, new OpenBatches(1)), numbers(20))
    })
})
