import { AnswerCursor, array, int8, int32, int64, type Question, string } from './wire.ts'

interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** First or last offset of a partition. */
export interface PartitionEdge {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly offset: number
}

const NO_REPLICA = -1
/** Isolation levels. READ_COMMITTED excludes the records of an open transaction and all later records. */
const [READ_UNCOMMITTED, READ_COMMITTED] = [0, 1]
/** Time and isolation level in the request for each edge of the log. */
const EDGES = {
  start: { time: -2, isolation: READ_COMMITTED },
  end: { time: -1, isolation: READ_COMMITTED },
  'high-watermark': { time: -1, isolation: READ_UNCOMMITTED },
} as const

/**
 * Returns a ListOffsets request, version 2, for an edge of each partition: the first offset, the offset after the last readable
 * record, or the high watermark, which includes open transactions. The request must be sent to the leader of the partitions. An
 * error of one partition does not affect the others.
 */
export function edgesQuestion(
  topics: readonly TopicPartitions[],
  edge: keyof typeof EDGES,
): Question<readonly PartitionEdge[]> {
  const { time, isolation } = EDGES[edge]
  const partition = (number: number) => Buffer.concat([int32(number), int64(time)])
  return {
    apiKey: 2,
    name: 'ListOffsets',
    version: 2,
    encode: () =>
      Buffer.concat([
        int32(NO_REPLICA),
        int8(isolation),
        array(topics, own => Buffer.concat([string(own.topic), array(own.partitions, partition)])),
      ]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttle time
      return answer.array(() => readEdges(answer)).flat()
    },
  }
}

function readEdges(answer: AnswerCursor): PartitionEdge[] {
  const topic = answer.string() ?? ''
  return answer.array(() => {
    const [partition, errorCode] = [answer.int32(), answer.int16()]
    answer.int64() // timestamp of the record
    return { topic, partition, errorCode, offset: answer.long() }
  })
}
