import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { inflate, UnreadableBytes } from '@sluice/kafka-records'

// The lowest three bits of a batch's attributes are its codec: 1 is gzip.
const records = await inflate(1, gzipSync('bytes of records'))
assert.equal(String(records), 'bytes of records')

await assert.rejects(inflate(1, Buffer.from('no gzip')), UnreadableBytes)
