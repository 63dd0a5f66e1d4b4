import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { createCluster, mendConnections } from '@sluice/kafka-records'
import { until } from '@sluice/test-kit/until'
import kafkajs from 'kafkajs'
import { restIdleConnections } from '../../kafkajs-internals.ts'

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
  mendConnections()

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

  it('given a broker that accepts a connection and hangs, then the next attempt asks it again', async () => {
    let requests = 0
    const hanging = createServer(socket => socket.on('data', () => (requests += 1)).on('error', () => {}))
    hanging.listen(0, '127.0.0.1')
    await once(hanging, 'listening')
    const { port } = hanging.address() as AddressInfo
    const options = { requestTimeout: 100, retry: { retries: 0 }, logLevel: kafkajs.logLevel.NOTHING }
    const kafka = new kafkajs.Kafka({ brokers: [`127.0.0.1:${port}`], ...options })
    const cluster = createCluster(kafka, {})
    try {
      await assert.rejects(cluster.connect())
      const before = requests
      await assert.rejects(cluster.connect())
      assert.deepEqual([before > 0, requests > before], [true, true])
    } finally {
      await cluster.disconnect()
      hanging.close()
    }
  })
})
