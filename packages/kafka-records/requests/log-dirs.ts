import { AnswerCursor, array, int32, type Question, string } from './wire.ts'

/** A directory that contains logs of a broker. */
export interface LogDir {
  /** Error code, such as 56 if the disk has failed. */
  readonly errorCode: number
  readonly path: string
  readonly copies: readonly {
    readonly topic: string
    readonly partition: number
    /** Size of the log's segments, in bytes. */
    readonly bytes: number
    /** True if the replica is being moved here from another directory, and is not in use yet. */
    readonly isFuture: boolean
  }[]
}

/**
 * Returns a DescribeLogDirs request, version 1, for the sizes of logs on the disks of a broker. The response is empty if the client
 * is not authorized.
 *
 * @param only partitions of one topic; by default, all partitions of the broker
 */
export function logDirsQuestion(only?: {
  readonly topic: string
  readonly partitions: readonly number[]
}): Question<readonly LogDir[]> {
  return {
    apiKey: 35,
    name: 'DescribeLogDirs',
    version: 1,
    encode: () => {
      const one = only && Buffer.concat([string(only.topic), array(only.partitions, int32)])
      return array(one ? [one] : null, bytes => bytes)
    },
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttle time
      return answer.array((): LogDir => {
        const [errorCode, path] = [answer.int16(), answer.string() ?? '']
        const copies = answer.array(() => {
          const topic = answer.string() ?? ''
          return answer.array(() => readCopy(answer, topic))
        })
        return { errorCode, path, copies: copies.flat() }
      })
    },
  }
}

function readCopy(answer: AnswerCursor, topic: string): LogDir['copies'][number] {
  const [partition, bytes] = [answer.int32(), answer.long()]
  answer.int64() // lag behind the leader
  return { topic, partition, bytes, isFuture: answer.boolean() }
}
