import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readEveryCodec } from '@sluice/kafka-records'
import { COMPRESSED_BATCHES } from './compressed-batches.ts'

/** As in kafkajs: a codec that it can read and write, and one that it cannot. */
function registry() {
  const gzip = {
    compress: async () => Buffer.from('by the library'),
    decompress: async (_: Buffer) => Buffer.alloc(0),
  }
  const snappy = () => {
    throw new Error('Snappy compression not implemented')
  }
  return { 1: () => gzip, 2: snappy } as unknown as Record<number, () => typeof gzip>
}

describe('the codecs of kafkajs', () => {
  it('given a client, then it reads every codec', async () => {
    const codecs = registry()
    readEveryCodec(codecs)
    for (const { number, bytes } of COMPRESSED_BATCHES)
      assert.match(String(await codecs[number]?.().decompress(bytes)), /header 3/)
  })

  it('given several clients, then compression is unchanged', async () => {
    const codecs = registry()
    readEveryCodec(codecs)
    const gzip = codecs[1]
    readEveryCodec(codecs)
    assert.equal(codecs[1], gzip)
    assert.equal(String(await gzip?.().compress()), 'by the library')
    await assert.rejects(async () => codecs[2]?.().compress(), /Snappy compression not implemented/)
    await assert.rejects(async () => codecs[3]?.().compress(), /cannot compress with codec 3/)
  })

  it('given an unknown codec number, then the batch is rejected and not treated as uncompressed', async () => {
    const codecs = registry()
    readEveryCodec(codecs)
    await assert.rejects(async () => codecs[7]?.().decompress(Buffer.alloc(9)), { reason: 'unknown-codec' })
  })
})
