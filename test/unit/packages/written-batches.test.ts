import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BatchBuilder, WRITABLE_CODECS, type WritableRecord } from '@sluice/kafka-records/writing'
import fc from 'fast-check'
import { batchesOf, verifyChecksum } from '../../../packages/kafka-records/batch.ts'
import { recordsOf } from '../../../packages/kafka-records/partition.ts'
import { decodeProduceResponse, encodeProduce } from '../../../packages/kafka-records/writing/produce.ts'
import { varintBytes, writeVarint } from '../../../packages/kafka-records/writing/varint.ts'
import { recordBatch } from '../../support/record-batches.ts'

const buffer = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))
const record: fc.Arbitrary<WritableRecord> = fc.record({
  key: fc.option(buffer, { nil: null }),
  value: fc.option(buffer, { nil: null }),
  headers: fc.array(
    fc.tuple(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.option(buffer, { nil: null })),
    {
      maxLength: 4,
    },
  ),
})

function filled(records: readonly WritableRecord[], timestampMs = 5_000): BatchBuilder {
  const builder = new BatchBuilder()
  for (const [index, one] of records.entries()) builder.append(one, timestampMs + index)
  return builder
}

async function readBack(bytes: Buffer) {
  for (const batch of batchesOf(bytes)) verifyChecksum(batch)
  const read = await recordsOf({ topic: 't', partition: 0, fromOffset: 0, bytes, aborted: [] })
  return read.map(({ key, value, headerList, timestamp }) => ({ key, value, headers: headerList, timestamp }))
}

describe('a record batch that is written', () => {
  for (const codec of WRITABLE_CODECS)
    it(`given any records and ${codec}, then the decoder reads the same`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 40 }), async records => {
          const closed = await filled(records).close(codec)
          const expected = records.map((one, index) => ({ ...one, timestamp: String(5_000 + index) }))
          assert.deepEqual(await readBack(closed.sealed()), expected)
        }),
        { numRuns: 60, seed: 15 },
      )
    })

  it('given plain records, then it is byte for byte what the test support writes', async () => {
    const plain = { key: Buffer.from('k'), value: Buffer.from('v'), headers: [] }
    const builder = new BatchBuilder()
    builder.append(plain, 1_000)
    builder.append(plain, 9_000)
    const closed = await builder.close('none')
    const records = [
      { key: 'k', value: 'v' },
      { key: 'k', value: 'v', timestampDelta: 8_000 },
    ]
    const sealed = closed.sealed({ producerId: -1n, producerEpoch: 0, firstSequence: 0 })
    const written = recordBatch({ records })
    assert.deepEqual(await readBack(sealed), await readBack(written))
    assert.equal(sealed.length, written.length)
    assert.equal(closed.facts.count, 2)
  })

  it('given a sequence, then the batch says so, and again after a new epoch', async () => {
    const closed = await filled([{ key: null, value: null, headers: [] }]).close('none')
    for (const producerEpoch of [3, 4]) {
      const sequence = { producerId: 2n ** 40n, producerEpoch, firstSequence: 77 }
      const [batch] = batchesOf(closed.sealed(sequence))
      assert.ok(batch)
      verifyChecksum(batch)
      const { producerId, firstSequence, isTransactional } = batch
      assert.deepEqual(
        { producerId, epoch: batch.producerEpoch, firstSequence, isTransactional },
        { producerId: String(2n ** 40n), epoch: producerEpoch, firstSequence: 77, isTransactional: false },
      )
    }
  })

  it('given any number, then its length is known before it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), value => {
        assert.equal(writeVarint(Buffer.alloc(10), 0, value), varintBytes(value))
      }),
      { examples: [[0], [-1], [63], [64], [-64], [-65], [2 ** 30], [-(2 ** 30) - 1], [2 ** 31]], seed: 15 },
    )
  })
})

describe('the request that takes batches to their leader', () => {
  const batch = (topic: string, partition: number, text: string) => ({
    topic,
    partition,
    bytes: Buffer.from(text),
  })

  it('given batches of two topics, then each is under its topic, with its length', () => {
    const batches = [batch('b', 1, 'one'), batch('a', 0, 'two'), batch('b', 2, 'three')]
    const bytes = encodeProduce({ acks: -1, timeoutMs: 1_000, batches })
    assert.equal(
      bytes.toString('hex'),
      `ffffffff000003e8${'00000002'}` +
        `${hex('\0\x01b')}${'00000002'}0000000100000003${hex('one')}0000000200000005${hex('three')}` +
        `${hex('\0\x01a')}${'00000001'}0000000000000003${hex('two')}`,
    )
  })

  it('given the answer of a leader, then each partition has its error and offset, and the wait is returned', () => {
    const answer = Buffer.from(
      `00000001${hex('\0\x01b')}00000002` +
        `00000001${'0000'}${'0000000000000009'}${'ff'.repeat(8)}${'00'.repeat(8)}` +
        `00000002${'002d'}${'ff'.repeat(8)}${'ff'.repeat(8)}${'ff'.repeat(8)}` +
        '00000064',
      'hex',
    )
    assert.deepEqual(decodeProduceResponse(answer), {
      answers: [
        { topic: 'b', partition: 1, errorCode: 0, baseOffset: 9 },
        { topic: 'b', partition: 2, errorCode: 45, baseOffset: -1 },
      ],
      throttleMs: 100,
    })
  })
})

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}
