import { AnswerCursor, compactArray, compactString, int8, NO_TAGS, type Question } from './wire.ts'

/** Id of a topic, which a topic of the same name made later does not share. */
export interface TopicId {
  /** 0, or such as 3: the topic does not exist. */
  readonly errorCode: number
  readonly topic: string
  /** 32 hexadecimal digits, all of them 0 for an unknown topic. */
  readonly id: string
  readonly partitionCount: number
}

const ID_BYTES = 16
const ANY_TOPIC = Buffer.alloc(ID_BYTES)

/** Metadata, version 10 (KIP-516), for the ids of topics: one that was deleted and created again has the same name, but another id. */
export function topicIdsQuestion(topics: readonly string[]): Question<readonly TopicId[]> {
  return {
    apiKey: 3,
    name: 'Metadata',
    versions: [10],
    encode: () => {
      const one = (topic: string) => Buffer.concat([ANY_TOPIC, compactString(topic), NO_TAGS])
      // No topic is created, and permissions are not asked for.
      const flags = Buffer.concat([int8(0), int8(0), int8(0)])
      return Buffer.concat([NO_TAGS, compactArray(topics, one), flags, NO_TAGS])
    },
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.tags()
      answer.int32() // throttled for
      answer.compactArray(() => {
        answer.int32() // id
        answer.compactString() // host
        answer.int32() // port
        answer.compactString() // rack
        answer.tags()
      })
      answer.compactString() // id of the cluster
      answer.int32() // controller
      return answer.compactArray(() => topicIn(answer))
    },
  }
}

function topicIn(answer: AnswerCursor): TopicId {
  const [errorCode, topic] = [answer.int16(), answer.compactString() ?? '']
  const id = answer.take(ID_BYTES).toString('hex')
  answer.int8() // whether Kafka keeps it for itself
  const brokers = () => answer.compactArray(() => answer.int32())
  const partitions = answer.compactArray(() => {
    answer.int16() // error
    answer.int32() // number
    answer.int32() // leader
    answer.int32() // epoch of the leader
    brokers() // that have a copy
    brokers() // that are in step
    brokers() // that are away
    answer.tags()
  })
  answer.int32() // what the client may do with it
  answer.tags()
  return { errorCode, topic, id, partitionCount: partitions.length }
}
