import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { readEveryCodec, restIdleConnections } from '@sluice/kafka-records'
import { until } from '../../support/until.ts'
import { COMPRESSED_BATCHES } from './compressed-batches.ts'

/** Returns a registry as of kafkajs: a codec that it can read and write, and one that it cannot. */
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

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js')

/** The queue of a connection on which one request may be under way. */
function queue() {
  const sent: number[] = []
  const made = new RequestQueue({
    maxInFlightRequests: 1,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'c',
    broker: 'b',
    logger: { debug() {} },
  })
  const push = (correlationId: number) =>
    made.push({
      entry: { correlationId, apiKey: 3, apiVersion: 1, resolve() {} },
      expectResponse: true,
      sendRequest: () => sent.push(correlationId),
    })
  const answer = (correlationId: number) =>
    made.fulfillRequest({ correlationId, size: 0, payload: Buffer.alloc(0) })
  return { made, sent, push, answer }
}

describe('the connections of kafkajs', () => {
  restIdleConnections(RequestQueue)

  it('given that all is answered, then no timer runs', () => {
    const { made, push, answer, sent } = queue()
    push(1)
    answer(1)
    assert.deepEqual([sent, made.throttleCheckTimeoutId], [[1], null])
  })

  it('given a request that has to wait for an answer, then it is sent after it', () => {
    const { push, answer, sent } = queue()
    push(1)
    push(2)
    assert.deepEqual(sent, [1])
    answer(1)
    assert.deepEqual(sent, [1, 2])
    answer(2)
  })

  it('given a broker that asks to wait, then a request is sent once the time is over', async () => {
    const { made, push, sent } = queue()
    made.maybeThrottle(20)
    push(1)
    assert.deepEqual(sent, [])
    await until('the request is sent', () => sent.length === 1)
    made.destroy()
  })

  it('given another version without that part, then the error says so', () => {
    assert.throws(() => restIdleConnections({ prototype: {} }), /no scheduleCheckPendingRequests/)
  })
})
