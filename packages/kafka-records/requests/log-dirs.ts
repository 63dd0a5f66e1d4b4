import { AnswerCursor, array, int8, int32, NO_TAGS, type Question, string } from './wire.ts'

export interface LogDirsAnswer {
  /** Error code; 0 for success. Before version 3, a broker only omits the directories if the client is not authorized. */
  readonly errorCode: number
  readonly dirs: readonly LogDir[]
}

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
  /** Size of the volume in bytes; null before Kafka 3.3. */
  readonly totalBytes: number | null
  readonly usableBytes: number | null
}

const FLEXIBLE = 4

/**
 * Returns a DescribeLogDirs request for the sizes of logs on the disks of a broker. In version 4, the response also contains the
 * sizes of the volumes.
 *
 * @param only partitions of one topic; by default, all partitions of the broker
 */
export function logDirsQuestion(only?: {
  readonly topic: string
  readonly partitions: readonly number[]
}): Question<LogDirsAnswer> {
  return {
    apiKey: 35,
    name: 'DescribeLogDirs',
    // A request for a single topic is encoded only in the non-flexible form.
    versions: only ? [0, 1] : [0, 1, FLEXIBLE],
    encode: version => {
      // Empty header tags, all topics, empty tags.
      if (version === FLEXIBLE) return Buffer.concat([NO_TAGS, int8(0), NO_TAGS])
      const one = only && Buffer.concat([string(only.topic), array(only.partitions, int32)])
      return array(one ? [one] : null, bytes => bytes)
    },
    decode: (bytes, version) => (version === FLEXIBLE ? flexible(bytes) : plain(bytes)),
  }
}

function plain(bytes: Buffer): LogDirsAnswer {
  const answer = new AnswerCursor(bytes)
  answer.int32() // throttle time
  const dirs = answer.array((): LogDir => {
    const [errorCode, path] = [answer.int16(), answer.string() ?? '']
    const copies = answer.array(() => {
      const topic = answer.string() ?? ''
      return answer.array(() => copyIn(answer, topic))
    })
    return { errorCode, path, copies: copies.flat(), totalBytes: null, usableBytes: null }
  })
  return { errorCode: 0, dirs }
}

function flexible(bytes: Buffer): LogDirsAnswer {
  const answer = new AnswerCursor(bytes)
  answer.tags()
  answer.int32() // throttle time
  const errorCode = answer.int16()
  const dirs = answer.compactArray((): LogDir => {
    const [dirError, path] = [answer.int16(), answer.compactString() ?? '']
    const copies = answer.compactArray(() => {
      const topic = answer.compactString() ?? ''
      const ofTopic = answer.compactArray(() => {
        const copy = copyIn(answer, topic)
        answer.tags()
        return copy
      })
      answer.tags()
      return ofTopic
    })
    const [totalBytes, usableBytes] = [known(answer.long()), known(answer.long())]
    answer.tags()
    return { errorCode: dirError, path, copies: copies.flat(), totalBytes, usableBytes }
  })
  return { errorCode, dirs }
}

function copyIn(answer: AnswerCursor, topic: string): LogDir['copies'][number] {
  const [partition, bytes] = [answer.int32(), answer.long()]
  answer.int64() // lag behind the leader
  return { topic, partition, bytes, isFuture: answer.boolean() }
}

/** Returns null for -1, which means unknown. */
function known(bytes: number): number | null {
  return bytes < 0 ? null : bytes
}
