import { type Batch, MAGIC, readBatches, readMagic } from '../read-batches.ts'
import { AnswerCursor, array, int8, int32, int64, type Question, string } from './wire.ts'

/** Partitions of a topic to read, each with its first offset. */
export interface BatchesFrom {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly offset: number }[]
}

/** Batches of a partition in a response. */
export interface FetchedBatches {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly batches: readonly BatchHead[]
}

/** Header of a batch, without its records. */
export type BatchHead = ReturnType<typeof toBatchHead>

/** Replica id of a client that is not a replica, and the isolation level that includes records of open transactions. */
const [NO_REPLICA, READ_UNCOMMITTED] = [-1, 0]

/**
 * Returns a Fetch request, version 4, for the headers of record batches. It must be sent to the leader of the partitions. A batch
 * above the limit is omitted, unless it is the first one.
 *
 * @param mostBytes limit per partition, in bytes
 */
export function batchesQuestion(
  topics: readonly BatchesFrom[],
  mostBytes: number,
): Question<readonly FetchedBatches[]> {
  const encodePartition = ({ partition, offset }: BatchesFrom['partitions'][number]) =>
    Buffer.concat([int32(partition), int64(offset), int32(mostBytes)])
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions.length, 0)
  return {
    apiKey: 1,
    name: 'Fetch',
    version: 4,
    encode: () =>
      Buffer.concat([
        int32(NO_REPLICA),
        int32(0), // minimum number of bytes to wait for
        int32(0),
        int32(mostBytes * partitions),
        int8(READ_UNCOMMITTED),
        array(topics, own => Buffer.concat([string(own.topic), array(own.partitions, encodePartition)])),
      ]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttle time
      return answer.array(() => readFetchedBatches(answer)).flat()
    },
  }
}

function readFetchedBatches(answer: AnswerCursor): FetchedBatches[] {
  const topic = answer.string() ?? ''
  return answer.array(() => {
    const [partition, errorCode] = [answer.int32(), answer.int16()]
    answer.skip(16) // high watermark and last stable offset
    answer.array(() => answer.skip(16)) // aborted transactions
    const records = answer.take(Math.max(0, answer.int32()))
    return { topic, partition, errorCode, batches: readBatchHeads(records) }
  })
}

function readBatchHeads(records: Buffer): BatchHead[] {
  return readMagic(records) === MAGIC ? [...readBatches(records)].map(toBatchHead) : []
}

function toBatchHead(batch: Batch) {
  const { baseOffset, lastOffset, codec, isControl, isLogAppendTime, maxTimestampMs, recordCount } = batch
  return {
    ...{ baseOffset, lastOffset, codec, isControl, isLogAppendTime, maxTimestampMs, recordCount },
    /** Id of the producer; negative if the producer is not idempotent. */
    producerId: Number(batch.producerId),
    /** Size of the records as stored in the log, in bytes. */
    bytes: batch.records.length,
  }
}
