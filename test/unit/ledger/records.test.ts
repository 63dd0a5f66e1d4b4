import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordsIn } from '../../ledger/kafka/records.ts'
import { Writer } from '../../ledger/kafka/wire.ts'
import { recordBatch } from '../../support/record-batches.ts'

const GZIP = 1
const APPEND_TIME = 0b1000
const TRANSACTIONAL = 0b10000
const CONTROL = 0b100000 | TRANSACTIONAL
const [FIRST, SECOND] = [7, 8]

describe("the ledger's reader of record batches", () => {
  it('given a compressed batch, then each of its places is known, with the time at which it was appended', () => {
    const { records, nextOffset } = read(batch(4, 3, { attributes: GZIP | APPEND_TIME }))
    assert.deepEqual(
      records.map(({ offset, timestampMs, isCompressed }) => [offset, timestampMs, isCompressed]),
      [
        [4, 2_000, true],
        [5, 2_000, true],
        [6, 2_000, true],
      ],
    )
    assert.equal(nextOffset, 7)
  })

  it('given a batch that the project has compressed, then its records are read', () => {
    const bytes = recordBatch({ codec: 'gzip', records: [{ value: 'a' }, { key: 'k', value: 'b' }] })
    const { records } = read(bytes)
    assert.deepEqual(
      records.map(({ offset, key, value, isCompressed }) => [
        offset,
        key && String(key),
        String(value),
        isCompressed,
      ]),
      [
        [0, null, 'a', undefined],
        [1, 'k', 'b', undefined],
      ],
    )
  })

  it('given an aborted transaction, then its records are left out, and those of the next one are not', () => {
    const bytes = [
      batch(0, 2, { attributes: TRANSACTIONAL | GZIP, producerId: FIRST }),
      batch(2, 1, { attributes: CONTROL | GZIP, producerId: FIRST }),
      batch(3, 1, { attributes: TRANSACTIONAL | GZIP, producerId: FIRST }),
      batch(4, 1, { attributes: CONTROL | GZIP, producerId: FIRST }),
    ]
    const { records, nextOffset } = read(Buffer.concat(bytes), [{ producerId: FIRST, firstOffset: 0 }])
    assert.deepEqual(offsets(records), [3])
    assert.equal(nextOffset, 5)
  })

  it('given two aborted transactions, of which the first one ended last, then both are left out', () => {
    const bytes = [
      batch(0, 1, { attributes: TRANSACTIONAL | GZIP, producerId: FIRST }),
      batch(1, 1, { attributes: TRANSACTIONAL | GZIP, producerId: SECOND }),
      batch(2, 1, { attributes: CONTROL | GZIP, producerId: SECOND }),
      batch(3, 1, { attributes: GZIP }),
      batch(4, 1, { attributes: CONTROL | GZIP, producerId: FIRST }),
    ]
    // Aborted transactions as a broker lists them: by their ends.
    const aborted = [
      { producerId: SECOND, firstOffset: 1 },
      { producerId: FIRST, firstOffset: 0 },
    ]
    assert.deepEqual(offsets(read(Buffer.concat(bytes), aborted).records), [3])
  })

  it('given a batch that is cut off, then reading continues with it', () => {
    const bytes = Buffer.concat([batch(0, 1, { attributes: GZIP }), batch(1, 1, { attributes: GZIP })])
    const { records, nextOffset } = read(bytes.subarray(0, -1))
    assert.deepEqual([offsets(records), nextOffset], [[0], 1])
  })
})

function read(bytes: Buffer, aborted: Parameters<typeof recordsIn>[3] = []) {
  return recordsIn(bytes, 0, 0, aborted)
}

function offsets(records: readonly { readonly offset: number }[]): number[] {
  return records.map(({ offset }) => offset)
}

/** A batch whose records are not looked into. */
function batch(baseOffset: number, count: number, { attributes = 0, producerId = -1 }): Buffer {
  const fields = new Writer().int32(0).int8(2).int32(0).int16(attributes)
  fields
    .int32(count - 1)
    .int64(1_000)
    .int64(2_000)
  const rest = fields.int64(producerId).int16(0).int32(0).int32(count).bytes
  return Buffer.concat([new Writer().int64(baseOffset).int32(rest.length).bytes, rest])
}
