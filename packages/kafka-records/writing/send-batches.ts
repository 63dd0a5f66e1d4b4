/**
 * Sends finished batches over the connections of kafkajs. It is made for a producer that builds its batches and handles sequences
 * and retries itself.
 */

import { Cursor } from '../cursor.ts'
import { type Broker, sendRequest } from '../kafkajs-internals.ts'
import { int16, int32, string } from '../requests/wire.ts'

/**
 * The Produce request in version 7. This is the newest version in the plain encoding, and every broker since Kafka 2.1 supports it.
 * The request of kafkajs is not used, because it encodes each record several times. It also discards a response that contains an
 * error, so that the caller does not know which records were written.
 */
const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: 'Produce' } as const

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

interface ProduceRequest {
  /** Required acknowledgements: -1 for all in-sync replicas, 1 for the leader only. */
  readonly acks: -1 | 1
  /** Maximum time for which the leader waits for its replicas, in milliseconds. */
  readonly timeoutMs: number
  /** Batches to write, at most one per partition. A broker refuses a second batch for the same partition. */
  readonly batches: readonly PartitionBatch[]
}

interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  /** Bytes of a sealed record batch. */
  readonly bytes: Buffer
}

interface ProduceAnswer {
  readonly topic: string
  readonly partition: number
  /** Error code; 0 for success. See https://kafka.apache.org/protocol#protocol_error_codes. */
  readonly errorCode: number
  /** Offset of the first record of the batch; -1 if the broker does not know it any more. */
  readonly baseOffset: number
}

function encodeProduce({ acks, timeoutMs, batches }: ProduceRequest): Buffer {
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  // Without a transactional id.
  const parts = [string(null), int16(acks), int32(timeoutMs), int32(topics.size)]
  for (const [topic, group] of topics) {
    parts.push(string(topic), int32(group.length))
    for (const { partition, bytes } of group) parts.push(int32(partition), int32(bytes.length), bytes)
  }
  return Buffer.concat(parts)
}

interface ProduceResponse {
  readonly answers: readonly ProduceAnswer[]
  /** Delay that the broker demands before the next request because the client has exceeded its quota, in milliseconds. */
  readonly throttleMs: number
}

/** Decodes the response. @throws UnreadableBytes if the response is truncated */
function decodeProduceResponse(payload: Buffer): ProduceResponse {
  const cursor = new Cursor(payload)
  const answers = cursor.array(() => {
    const topic = cursor.string() ?? ''
    return cursor.array((): ProduceAnswer => {
      const [partition, errorCode, baseOffset] = [cursor.int32(), cursor.int16(), Number(cursor.int64())]
      cursor.skip(16) // append time and log start offset
      return { topic, partition, errorCode, baseOffset }
    })
  })
  return { answers: answers.flat(), throttleMs: cursor.int32() }
}
