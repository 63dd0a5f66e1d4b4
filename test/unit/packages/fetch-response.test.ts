import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { decodeFetchResponse, type FetchState } from '../../../packages/kafka-records/fetch-response.ts'

const Encoder = createRequire(import.meta.url)('kafkajs/src/protocol/encoder.js')

const VERSION = 4

/** A response with this number of empty partitions. */
function payload(count: number): Buffer {
  const partitions = Array.from({ length: count }, (_, partition) =>
    new Encoder()
      .writeInt32(partition)
      .writeInt16(0)
      .writeInt64(9)
      .writeInt64(9)
      .writeArray([])
      .writeInt32(0),
  )
  return new Encoder().writeInt32(0).writeArray([new Encoder().writeString('t').writeArray(partitions)])
    .buffer
}

/** Takes this long for each partition, without giving the event loop a turn. */
const taking = (ms: number): FetchState => ({
  offsetOf: () => 0,
  putOff: new Set(),
  recordsOf: async () => {
    const untilMs = performance.now() + ms
    while (performance.now() < untilMs);
    return []
  },
})

describe('the response to a fetch', () => {
  it('given partitions that take long to decode, then the event loop has turns between them', async () => {
    let turns = 0
    const count = () => {
      turns += 1
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    const response = await decodeFetchResponse(payload(4), VERSION, taking(25))
    clearImmediate(timer)
    assert.equal(response?.responses[0]?.partitions.length, 4)
    assert.ok(turns >= 3, `${turns} turns`)
  })
})
