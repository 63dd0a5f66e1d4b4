/**
 * Sends finished batches over the connections of kafkajs. It is made for a producer that builds its batches and handles sequences
 * and retries itself.
 */
import { type Broker, sendRequest } from '../kafkajs-internals.ts'
import {
  decodeProduceResponse,
  encodeProduce,
  PRODUCE,
  type ProduceAnswer,
  type ProduceRequest,
} from './produce.ts'

/**
 * Sends finished batches to the leader of their partitions.
 *
 * @param withinMs time limit for the response, in milliseconds. If it is exceeded, the connection is closed, so that no part of the
 *   request can arrive after the next one.
 * @param onSent called when the request was sent on the connection; later requests arrive after it
 * @throws an error with the code ETIMEDOUT if there is no response in time; the batches may have been written. Errors of the
 *   connection are passed on.
 */
export async function sendBatches(
  broker: Pick<Broker, 'connectionPool'>,
  request: ProduceRequest,
  withinMs: number,
  onSent = () => {},
): Promise<readonly ProduceAnswer[]> {
  const connection = await broker.connectionPool.getConnectionByRequest({ request: PRODUCE })
  // Without this option, Nagle's algorithm would delay small concurrent requests.
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
