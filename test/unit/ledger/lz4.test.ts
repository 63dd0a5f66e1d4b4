import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { it } from 'node:test'
import { deflate } from '@sluice/kafka-records/writing'
import { lz4Decoded } from '../../ledger/kafka/lz4.ts'

for (const [name, bytes] of [
  ['nothing', Buffer.alloc(0)],
  ['repeated text', Buffer.from('{"temperature":21.5}'.repeat(5_000))],
  ['one byte, a million times', Buffer.alloc(1_000_000, 'a')],
  ['random bytes', randomBytes(200_000)],
  ['both', Buffer.concat([randomBytes(70_000), Buffer.alloc(70_000, 'b'), randomBytes(3)])],
] as const)
  it(`given ${name} in LZ4, then the ledger decodes it`, async () => {
    const [codec, frame] = await deflate('lz4', bytes)
    assert.equal(codec, 3)
    assert.ok(lz4Decoded(frame).equals(bytes))
    if (bytes.length > 0) assert.throws(() => lz4Decoded(frame.subarray(0, frame.length - 9)), RangeError)
  })
