/**
 * The Produce request, version 7 (https://kafka.apache.org/protocol#The_Messages_Produce): the newest that every broker since 2.1
 * has in this plain form. kafkajs encodes each record several times and throws the answers away if one of them is an error, so
 * that a caller cannot tell which records were written.
 */

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

export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  /** A sealed record batch. */
  readonly bytes: Buffer
}

/** What the leader says of one partition. */
export interface ProduceAnswer {
  readonly topic: string
  readonly partition: number
  /** 0 is success; see `produce-errors.ts`. */
  readonly errorCode: number
  /** Of the first record of the batch; -1 if the broker does not know it any more. */
  readonly baseOffset: number
}

export function encodeProduce({ transactionalId, acks, timeoutMs, batches }: ProduceRequest): Buffer {
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  const head = Buffer.allocUnsafe(stringBytes(transactionalId) + 2 + 4 + 4)
  let at = writeString(head, 0, transactionalId)
  at = head.writeInt16BE(acks, at)
  at = head.writeInt32BE(timeoutMs, at)
  head.writeInt32BE(topics.size, at)
  const parts: Buffer[] = [head]
  for (const [topic, group] of topics) {
    const name = Buffer.allocUnsafe(stringBytes(topic) + 4)
    name.writeInt32BE(group.length, writeString(name, 0, topic))
    parts.push(name)
    for (const { partition, bytes } of group) {
      const place = Buffer.allocUnsafe(8)
      place.writeInt32BE(bytes.length, place.writeInt32BE(partition, 0))
      parts.push(place, bytes)
    }
  }
  return Buffer.concat(parts)
}

export interface ProduceResponse {
  readonly answers: readonly ProduceAnswer[]
  /** How long the broker asks to wait before the next request, in milliseconds: the client is above its quota. */
  readonly throttleMs: number
}

/** @throws RangeError if the answer is cut off */
export function decodeProduceResponse(payload: Buffer): ProduceResponse {
  const answers: ProduceAnswer[] = []
  let at = 4
  for (let topics = payload.readInt32BE(0); topics > 0; topics--) {
    const end = at + 2 + payload.readInt16BE(at)
    const topic = payload.toString('utf8', at + 2, end)
    at = end + 4
    for (let partitions = payload.readInt32BE(end); partitions > 0; partitions--) {
      answers.push({
        topic,
        partition: payload.readInt32BE(at),
        errorCode: payload.readInt16BE(at + 4),
        baseOffset: Number(payload.readBigInt64BE(at + 6)),
      })
      // After them: the time of appending, and where the log begins.
      at += 4 + 2 + 8 + 8 + 8
    }
  }
  return { answers, throttleMs: payload.readInt32BE(at) }
}

function stringBytes(text: string | null): number {
  return 2 + (text === null ? 0 : Buffer.byteLength(text))
}

function writeString(bytes: Buffer, at: number, text: string | null): number {
  if (text === null) return bytes.writeInt16BE(-1, at)
  const length = bytes.write(text, at + 2)
  bytes.writeInt16BE(length, at)
  return at + 2 + length
}
