import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { inflate, UnreadableBytes } from '@sluice/kafka-records'
import { rejection } from '@sluice/test-kit/rejection'
import fc from 'fast-check'
import { snappyCompress } from 'hysnappy'
import { COMPRESSED_BATCHES, DEPENDENT_LZ4_BLOCKS } from './compressed-batches.ts'

const [GZIP, SNAPPY, LZ4, ZSTD] = [1, 2, 3, 4]
const KIB = 1024
const MIB = 1024 * KIB

describe('the codecs of Kafka', () => {
  for (const { client, codec, number, bytes } of COMPRESSED_BATCHES)
    it(`given a batch that ${client} has compressed with ${codec}, then its records are read`, async () => {
      const records = String(await inflate(number, bytes))
      assert.deepEqual(records.match(/(?<=name.)header \d/g), ['header 1', 'header 2', 'header 3'])
      const values = records.match(/value \d of a record that a client has written; of a [a-z ]+ written/g)
      assert.equal(values?.length, 3)
    })

  it('given snappy in the framing of Java with many blocks, then they are joined', async () => {
    const data = text(300 * KIB)
    const blocks = Array.from({ length: 10 }, (_, n) => data.subarray(n * 30 * KIB, (n + 1) * 30 * KIB))
    assert.deepEqual(await inflate(SNAPPY, xerial(blocks.map(compressed))), data)
    assert.deepEqual(await inflate(SNAPPY, xerial([])), Buffer.alloc(0))
  })

  it('given lz4 blocks that refer to earlier ones, then they are inflated', async () => {
    const data = await inflate(LZ4, DEPENDENT_LZ4_BLOCKS)
    assert.equal(data.length, 148_000)
    assert.deepEqual(data.subarray(146_520), data.subarray(0, 1_480))
  })

  it('given an lz4 frame with sizes, checksums and stored blocks, then it is inflated', async () => {
    const flags = 0x40 | 0x10 | 0x08 | 0x04
    const frame = lz4Frame(flags, [stored('one '), stored('two')])
    assert.equal(String(await inflate(LZ4, frame)), 'one two')
    assert.equal(String(await inflate(LZ4, Buffer.concat([frame, frame]))), 'one twoone two')
  })
})

describe('a batch that cannot be inflated', () => {
  const unreadable = async (codec: number, bytes: Buffer, limit?: number): Promise<UnreadableBytes> => {
    const error = await rejection(inflate(codec, bytes, limit))
    assert.ok(error instanceof UnreadableBytes, error)
    // Otherwise kafkajs would fetch it repeatedly.
    assert.equal(error.retriable, false)
    return error
  }

  it('given an unknown codec number, then the message names it', async () => {
    const { reason, message } = await unreadable(5, Buffer.alloc(10))
    assert.equal(reason, 'unknown-codec')
    assert.match(message, /codec 5, which is not one of 1 \(gzip\)/)
  })

  for (const { client, codec, number, bytes } of COMPRESSED_BATCHES) {
    it(`given ${codec} of ${client} that is truncated, then it is corrupt, and the error has a cause`, async () => {
      for (const length of [0, 1, 7, 20, bytes.length - 1]) {
        // A batch without records is not compressed; an empty frame of Java's snappy ends after its header.
        if (client === 'Java' && codec === 'snappy' && length === 20) continue
        const { reason, message, cause } = await unreadable(number, bytes.subarray(0, length))
        assert.equal(reason, 'corrupt')
        assert.match(message, new RegExp(`corrupt or not ${codec}: `))
        assert.ok(cause instanceof Error)
      }
    })

    it(`given ${codec} of ${client} with changed bytes, then it is rejected, or inflated within the limit`, async () => {
      const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async changes => {
          const changed = Buffer.from(bytes)
          for (const [at, byte] of changes) changed[at] = byte
          const length = await inflate(number, changed, 4 * KIB).then(
            inflated => inflated.length,
            error => assert.ok(error instanceof UnreadableBytes, error),
          )
          assert.ok(length === undefined || length <= 4 * KIB)
        }),
        { numRuns: 300 },
      )
    })
  }

  it('given lz4 that refers to bytes before its frame, then it is corrupt', async () => {
    // A literal, then a match at a distance of 9.
    const { message } = await unreadable(LZ4, lz4Frame(0x60, [[5, Buffer.from([0x10, 0x61, 9, 0, 0x00])]]))
    assert.match(message, /refers to bytes before its frame/)
    const dictionary = await unreadable(LZ4, lz4Frame(0x61, [stored('x')]))
    assert.match(dictionary.message, /needs a dictionary/)
  })

  const limits: [codec: string, number: number, bomb: () => Buffer][] = [
    ['gzip', GZIP, () => repeated(gzipSync(Buffer.alloc(MIB)), 512)],
    ['zstd', ZSTD, () => repeated(zstdCompressSync(Buffer.alloc(MIB)), 512)],
    [
      'lz4',
      LZ4,
      () =>
        lz4Frame(
          0x60,
          Array.from({ length: 512 }, () => lz4Zeros(4 * MIB)),
        ),
    ],
    ['snappy', SNAPPY, () => xerial(Array(512).fill(compressed(Buffer.alloc(MIB))))],
    ['raw snappy', SNAPPY, () => Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), text(100)])],
  ]
  for (const [codec, number, bomb] of limits)
    it(`given ${codec} that would inflate to half a gigabyte or more, then it ends at the limit`, async () => {
      const bytes = bomb()
      const before = process.resourceUsage().maxRSS
      const { reason, message } = await unreadable(number, bytes, 8 * MIB)
      assert.equal(reason, 'too-large')
      assert.match(message, /exceeds 8 MiB, the limit for one batch: make its producer send smaller/)
      const usedKib = process.resourceUsage().maxRSS - before
      assert.ok(usedKib < 64 * KIB, `${usedKib} KiB`)
    })

  it('given a limit, then a result of exactly that size is inflated', async () => {
    const data = text(100 * KIB)
    const cases: [number, Buffer][] = [
      [GZIP, gzipSync(data)],
      [ZSTD, zstdCompressSync(data)],
      [SNAPPY, compressed(data)],
      [LZ4, lz4Frame(0x60, [stored(data.subarray(0, 60 * KIB)), stored(data.subarray(60 * KIB))])],
    ]
    for (const [codec, bytes] of cases) {
      assert.deepEqual(await inflate(codec, bytes, data.length), data)
      assert.equal((await unreadable(codec, bytes, data.length - 1)).reason, 'too-large')
    }
  })
})

/** Compressible bytes in which no two parts are equal. */
function text(length: number): Buffer {
  let words = ''
  for (let n = 0; words.length < length; n++) words += `the reading ${n} of sensor ${(n * 7919) % 1009}; `
  return Buffer.from(words.slice(0, length))
}

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes))
}

function compressed(data: Buffer): Buffer {
  return Buffer.from(snappyCompress(data))
}

/** The framing of snappy-java. */
function xerial(blocks: readonly Buffer[]): Buffer {
  const header = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0, 0, 0, 0, 1, 0, 0, 0, 1])
  return Buffer.concat([header, ...blocks.flatMap(block => [uint32(block.length).reverse(), block])])
}

type Block = readonly [size: number, bytes: Buffer]

/** A frame with blocks of up to 4 MiB. Sizes and checksums that its flags require are zeros. */
function lz4Frame(flags: number, blocks: readonly Block[]): Buffer {
  const filler = (flag: number, bytes: number) => Buffer.alloc(flags & flag ? bytes : 0)
  return Buffer.concat([
    uint32(0x184d2204),
    Buffer.from([flags, 0x70]),
    filler(0x08, 8),
    Buffer.from([0]),
    ...blocks.flatMap(([size, bytes]) => [uint32(size), bytes, filler(0x10, 4)]),
    uint32(0),
    filler(0x04, 4),
  ])
}

function stored(data: string | Buffer): Block {
  const bytes = Buffer.from(data)
  return [(bytes.length | 0x80000000) >>> 0, bytes]
}

/** One zero, and a match that repeats it. */
function lz4Zeros(length: number): Block {
  const bytes = Buffer.concat([
    Buffer.from([0x1f, 0, 1, 0]),
    Buffer.alloc(length / 255, 255),
    Buffer.from([0, 0]),
  ])
  return [bytes.length, bytes]
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
