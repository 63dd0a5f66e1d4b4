import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import encodeRecord from 'kafkajs/src/protocol/recordBatch/record/v0/index.js'
import { estimateSize } from '../../../cloudevents/record.ts'

/** Beyond ASCII a character is up to four bytes. */
const headerName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.nat(60).map(length => '€'.repeat(length)),
)
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(array => Buffer.from(array))

it('given any record, then its size is not less than what the client writes for it', () => {
  fc.assert(
    fc.property(
      fc.option(bytes(300)),
      fc.option(bytes(20_000)),
      fc.uniqueArray(fc.tuple(headerName, bytes(300)), {
        selector: ([name]) => name,
        maxLength: 400,
        size: 'max',
      }),
      (key, value, headers) => {
        const written = encodeRecord({
          offsetDelta: 2 ** 31 - 1,
          timestampDelta: 2 ** 50,
          key,
          value,
          headers: Object.fromEntries(headers),
        })
        assert.ok(estimateSize({ key, value, headers }) >= written.size())
      },
    ),
  )
})
