import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { batchesQuestion } from '@sluice/kafka-records/requests'
import { recordBatch } from '../../support/record-batches.ts'

/** An answer of a broker in version 4, by the definition of the protocol. */
function answer(partition: number, errorCode: number, records: Buffer): Buffer {
  const head = Buffer.alloc(4 + 4 + 2 + 1 + 4)
  head.writeInt32BE(1, 4)
  head.writeInt16BE(1, 8)
  head.write('t', 10)
  head.writeInt32BE(1, 11)
  const one = Buffer.alloc(4 + 2 + 8 + 8 + 4 + 4)
  one.writeInt32BE(partition)
  one.writeInt16BE(errorCode, 4)
  // No aborted transactions.
  one.writeInt32BE(-1, 22)
  one.writeInt32BE(records.length, 26)
  return Buffer.concat([head, one, records])
}

const question = batchesQuestion([{ topic: 't', partitions: [{ partition: 3, offset: 7 }] }], 1_000)

describe('given the question for the frames of record batches', () => {
  it('then the answer contains the format of each, and a batch that is cut off is left out', () => {
    const records = [{ value: 'a' }, { value: 'b' }]
    const first = recordBatch({ records, baseOffset: 7, codec: 'zstd', producerId: 5, isLogAppendTime: true })
    const second = recordBatch({ records, baseOffset: 9, isControl: true })
    const bytes = Buffer.concat([first, second, first.subarray(0, 30)])
    const [found] = question.decode(answer(3, 0, bytes))
    assert.deepEqual([found?.topic, found?.partition, found?.errorCode], ['t', 3, 0])
    const common = { recordCount: 2, maxTimestampMs: 9_000 }
    assert.deepEqual(found?.batches, [
      {
        ...common,
        baseOffset: 7,
        lastOffset: 8,
        codec: 4,
        producerId: 5,
        isControl: false,
        isLogAppendTime: true,
        bytes: first.length - 61,
      },
      {
        ...common,
        baseOffset: 9,
        lastOffset: 10,
        codec: 0,
        producerId: -1,
        isControl: true,
        isLogAppendTime: false,
        bytes: second.length - 61,
      },
    ])
  })

  it('then an error of a partition is reported, and no records are an empty list', () => {
    assert.deepEqual(question.decode(answer(0, 29, Buffer.alloc(0))), [
      { topic: 't', partition: 0, errorCode: 29, batches: [] },
    ])
    assert.throws(() => question.decode(answer(0, 0, Buffer.alloc(5)).subarray(0, -1)), /truncated/)
  })

  it('then it asks for the partition from its offset, without waiting', () => {
    const asked = question.encode()
    assert.equal(asked.readInt32BE(0), -1)
    assert.equal(asked.readInt32BE(4), 0)
    assert.ok(asked.includes(Buffer.from('0000000300000000000000070000 03e8'.replaceAll(' ', ''), 'hex')))
  })
})
