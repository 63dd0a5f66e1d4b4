import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BatchBuilder, WRITABLE_CODECS, type WritableRecord } from '@sluice/kafka-records/writing'
import fc from 'fast-check'
import { decodePartition } from '../../decode-partition.ts'
import { readBatches, verifyChecksum } from '../../read-batches.ts'

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
  for (const batch of readBatches(bytes)) verifyChecksum(batch)
  const read = await decodePartition({ topic: 't', partition: 0, fromOffset: 0, bytes, aborted: [] })
  return read.map(({ key, value, headerList, timestamp }) => ({ key, value, headers: headerList, timestamp }))
}

describe('a record batch that is written', () => {
  for (const codec of WRITABLE_CODECS)
    it(`given any records and ${codec}, then the decoder reads the same`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 40 }), async records => {
          const closed = await filled(records).close(codec)
          const expected = records.map((record, index) => ({ ...record, timestamp: String(5_000 + index) }))
          assert.deepEqual(await readBack(closed.seal()), expected)
        }),
        { numRuns: 60, seed: 15 },
      )
    })

  it('given a sequence, then the batch says so, and again after a new epoch', async () => {
    const closed = await filled([{ key: null, value: null, headers: [] }]).close('none')
    for (const producerEpoch of [3, 4]) {
      const sequence = { producerId: 2n ** 40n, producerEpoch, firstSequence: 77 }
      const [batch] = readBatches(closed.seal(sequence))
      assert.ok(batch)
      verifyChecksum(batch)
      const { producerId, firstSequence, isTransactional } = batch
      assert.deepEqual(
        { producerId, epoch: batch.producerEpoch, firstSequence, isTransactional },
        { producerId: String(2n ** 40n), epoch: producerEpoch, firstSequence: 77, isTransactional: false },
      )
    }
  })
})
