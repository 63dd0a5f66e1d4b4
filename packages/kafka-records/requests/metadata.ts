import {
  AnswerCursor,
  array,
  compactArray,
  compactString,
  int8,
  NO_TAGS,
  type Question,
  string,
} from './wire.ts'

/** Brokers and topics of a cluster. */
export interface ClusterMetadata {
  readonly brokers: readonly {
    readonly id: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
  }[]
  readonly clusterId: string | null
  /** Any broker in a cluster without ZooKeeper: clients may send it requests for the controller. */
  readonly controllerId: number
  readonly topics: readonly TopicMetadata[]
}

/** Partitions of a topic, each with its leader and its replicas. */
export interface TopicMetadata {
  readonly errorCode: number
  readonly topic: string
  /** Whether Kafka keeps it for itself. */
  readonly isInternal: boolean
  readonly partitions: readonly {
    /** Such as 5: it has no leader. The partition is described nevertheless. */
    readonly errorCode: number
    readonly partition: number
    /** -1 without a leader. */
    readonly leader: number
    readonly replicas: readonly number[]
    readonly inSync: readonly number[]
  }[]
}

/** Metadata, version 5. kafkajs rejects the whole answer where one partition has no leader. @param topics null: all that are visible */
export function metadataQuestion(topics: readonly string[] | null): Question<ClusterMetadata> {
  return {
    apiKey: 3,
    name: 'Metadata',
    versions: [5],
    // No topic is created by being asked for.
    encode: () => Buffer.concat([array(topics, string), int8(0)]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttled for
      const brokers = answer.array(() => ({
        id: answer.int32(),
        host: answer.string() ?? '',
        port: answer.int32(),
        rack: answer.string(),
      }))
      const clusterId = answer.string()
      const controllerId = answer.int32()
      return { brokers, clusterId, controllerId, topics: answer.array(() => topicIn(answer)) }
    },
  }
}

function topicIn(answer: AnswerCursor): TopicMetadata {
  const ids = () => answer.array(() => answer.int32())
  return {
    errorCode: answer.int16(),
    topic: answer.string() ?? '',
    isInternal: answer.boolean(),
    partitions: answer.array(() => {
      const partition = {
        errorCode: answer.int16(),
        partition: answer.int32(),
        leader: answer.int32(),
        replicas: ids(),
        inSync: ids(),
      }
      ids() // copies that are away
      return partition
    }),
  }
}

/** Id of a topic. A topic of the same name that is made later has another one. */
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
      return answer.compactArray(() => topicIdIn(answer))
    },
  }
}

function topicIdIn(answer: AnswerCursor): TopicId {
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
