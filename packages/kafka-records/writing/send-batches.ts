/** Finished batches over the connections of kafkajs, for a producer that has its own batches, sequences and retries. */
import { type Broker, sendRequest } from '../kafkajs-internals.ts'
import {
  decodeProduceResponse,
  encodeProduce,
  PRODUCE,
  type ProduceAnswer,
  type ProduceRequest,
} from './produce.ts'

/**
 * Sends finished batches to their leader.
 *
 * @param withinMs time for the answer. Afterwards the connection is closed, so that no part of it can arrive later than the next
 * request
 * @param onSent called at its turn on the connection: a request that is sent after that arrives after it
 * @throws an error with the code ETIMEDOUT for a late answer: the batches may be written; an error of the connection
 */
export async function sendBatches(
  broker: Pick<Broker, 'connectionPool'>,
  request: ProduceRequest,
  withinMs: number,
  onSent = () => {},
): Promise<readonly ProduceAnswer[]> {
  const connection = await broker.connectionPool.getConnectionByRequest({ request: PRODUCE })
  // Small requests in flight together would wait for each other's acknowledgement by the network.
  connection.socket?.setNoDelay(true)
  const overdue = setTimeout(() => {
    const error = new Error(`no answer within ${Math.round(withinMs)} ms`)
    connection.rejectRequests(Object.assign(error, { code: 'ETIMEDOUT' }))
    connection.socket?.destroy()
    void connection.disconnect()
  }, withinMs)
  try {
    return await sendRequest(broker, {
      ...PRODUCE,
      timeoutMs: withinMs + 60_000,
      encode() {
        onSent()
        return encodeProduce(request)
      },
      decode(payload) {
        const { answers, throttleMs } = decodeProduceResponse(payload)
        return { answer: answers, throttleMs }
      },
    })
  } finally {
    clearTimeout(overdue)
  }
}
