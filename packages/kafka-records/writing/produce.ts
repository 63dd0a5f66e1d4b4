/**
 * The Produce request, version 7: the newest that every broker since 2.1 has in this plain form. kafkajs encodes each record several times
 * and throws the answers away if one of them is an error, so that a caller does not know which records were written.
 */

import { Cursor } from '../cursor.ts'
import { int16, int32, string } from '../requests/wire.ts'

export const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: 'Produce' } as const

export interface ProduceRequest {
  readonly transactionalId: string | null
  /** -1: all replicas in sync; 1: the leader alone. */
  readonly acks: -1 | 1
  /** How long the leader waits for its replicas, in milliseconds. */
  readonly timeoutMs: number
  /** One batch for each partition at most: a second one would be refused. */
  readonly batches: readonly PartitionBatch[]
}

interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  /** A sealed record batch. */
  readonly bytes: Buffer
}

export interface ProduceAnswer {
  readonly topic: string
  readonly partition: number
  /** 0 is success; see https://kafka.apache.org/protocol#protocol_error_codes. */
  readonly errorCode: number
  /** Offset of the first record of the batch; -1 if the broker does not know it any more. */
  readonly baseOffset: number
}

export function encodeProduce({ transactionalId, acks, timeoutMs, batches }: ProduceRequest): Buffer {
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  const parts = [string(transactionalId), int16(acks), int32(timeoutMs), int32(topics.size)]
  for (const [topic, group] of topics) {
    parts.push(string(topic), int32(group.length))
    for (const { partition, bytes } of group) parts.push(int32(partition), int32(bytes.length), bytes)
  }
  return Buffer.concat(parts)
}

export interface ProduceResponse {
  readonly answers: readonly ProduceAnswer[]
  /** Milliseconds for which the broker asks to wait before the next request: the client is above its quota. */
  readonly throttleMs: number
}

/** @throws UnreadableBytes if the answer is cut off */
export function decodeProduceResponse(payload: Buffer): ProduceResponse {
  const cursor = new Cursor(payload)
  const answers = cursor.array(() => {
    const topic = cursor.string() ?? ''
    return cursor.array((): ProduceAnswer => {
      const [partition, errorCode, baseOffset] = [cursor.int32(), cursor.int16(), Number(cursor.int64())]
      cursor.skip(16) // the time of appending, and where the log begins
      return { topic, partition, errorCode, baseOffset }
    })
  })
  return { answers: answers.flat(), throttleMs: cursor.int32() }
}
