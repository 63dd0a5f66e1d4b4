import { type Batch, batchesOf, MAGIC, magicOf } from '../batch.ts'
import { AnswerCursor, array, int8, int32, int64, type Question, string } from './wire.ts'

/** The first offsets to read in partitions of a topic. */
export interface BatchesFrom {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly offset: number }[]
}

export interface FetchedBatches {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly batches: readonly BatchHead[]
}

/** The frame of a batch, without its records. */
export type BatchHead = ReturnType<typeof headOf>

/** A client that is not a replica, and that sees records of open transactions, too. */
const [NO_REPLICA, READ_UNCOMMITTED] = [-1, 0]

/**
 * Fetch, version 4, for the frames of record batches. It goes to the leader of the partitions. A batch that does not fit is left out,
 * except the first one.
 *
 * @param mostBytes limit for each partition
 */
export function batchesQuestion(
  topics: readonly BatchesFrom[],
  mostBytes: number,
): Question<readonly FetchedBatches[]> {
  const partition = (one: BatchesFrom['partitions'][number]) =>
    Buffer.concat([int32(one.partition), int64(one.offset), int32(mostBytes)])
  const partitions = topics.reduce((sum, one) => sum + one.partitions.length, 0)
  return {
    apiKey: 1,
    name: 'Fetch',
    versions: [4],
    encode: () =>
      Buffer.concat([
        int32(NO_REPLICA),
        int32(0), // does not wait for records
        int32(0),
        int32(mostBytes * partitions),
        int8(READ_UNCOMMITTED),
        array(topics, one => Buffer.concat([string(one.topic), array(one.partitions, partition)])),
      ]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttled for
      return answer.array(() => fetchedIn(answer)).flat()
    },
  }
}

function fetchedIn(answer: AnswerCursor): FetchedBatches[] {
  const topic = answer.string() ?? ''
  return answer.array(() => {
    const [partition, errorCode] = [answer.int32(), answer.int16()]
    answer.skip(16) // high watermark, and the end of what is committed
    answer.array(() => answer.skip(16)) // aborted transactions
    const records = answer.take(Math.max(0, answer.int32()))
    return { topic, partition, errorCode, batches: headsIn(records) }
  })
}

function headsIn(records: Buffer): BatchHead[] {
  return magicOf(records) === MAGIC ? [...batchesOf(records)].map(headOf) : []
}

function headOf(batch: Batch) {
  const { baseOffset, codec, isControl, isLogAppendTime, maxTimestampMs, recordCount } = batch
  return {
    ...{ baseOffset, codec, isControl, isLogAppendTime, maxTimestampMs, recordCount },
    /** Negative for a producer that is not idempotent. */
    producerId: Number(batch.producerId),
    /** Size of its records, as they are in the log. */
    bytes: batch.records.length,
  }
}
