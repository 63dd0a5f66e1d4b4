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
  /**
   * Id of the controller. In a cluster without ZooKeeper, this is the id of an arbitrary broker, because any broker accepts
   * requests for the controller.
   */
  readonly controllerId: number
  readonly topics: readonly TopicMetadata[]
}

/** Partitions of a topic, each with its leader and its replicas. */
export interface TopicMetadata {
  readonly errorCode: number
  readonly topic: string
  /** True for an internal topic of Kafka. */
  readonly isInternal: boolean
  readonly partitions: readonly {
    /** Error code, for example 5 if the partition has no leader. The other fields are set even if there is an error. */
    readonly errorCode: number
    readonly partition: number
    /** Id of the leader; -1 if none exists. */
    readonly leader: number
    readonly replicas: readonly number[]
    readonly inSync: readonly number[]
  }[]
}

/**
 * Returns a Metadata request, version 5. The request of kafkajs is not used, because it rejects the whole response if one partition
 * has no leader.
 *
 * @param topics names of topics; null for all topics that the client may see
 */
export function metadataQuestion(topics: readonly string[] | null): Question<ClusterMetadata> {
  return {
    apiKey: 3,
    name: 'Metadata',
    version: 5,
    // Do not create missing topics.
    encode: () => Buffer.concat([array(topics, string), int8(0)]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttle time
      const brokers = answer.array(() => ({
        id: answer.int32(),
        host: answer.string() ?? '',
        port: answer.int32(),
        rack: answer.string(),
      }))
      const clusterId = answer.string()
      const controllerId = answer.int32()
      return { brokers, clusterId, controllerId, topics: answer.array(() => readTopic(answer)) }
    },
  }
}

function readTopic(answer: AnswerCursor): TopicMetadata {
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
      ids() // offline replicas
      return partition
    }),
  }
}

/** Id of a topic. If a topic is deleted and created again, the new topic has another id. */
export interface TopicId {
  /** Error code: 0 for success, 3 if the topic does not exist. */
  readonly errorCode: number
  readonly topic: string
  /** 32 hexadecimal digits, all 0 if the topic is unknown. */
  readonly id: string
  readonly partitionCount: number
}

const ID_BYTES = 16
const ANY_TOPIC = Buffer.alloc(ID_BYTES)

/** Ids of topics, and the id of their cluster; null if the cluster has none. */
export interface TopicIds {
  readonly clusterId: string | null
  readonly topics: readonly TopicId[]
}

/**
 * Returns a Metadata request, version 10 (KIP-516), for the ids of topics. The ids distinguish a topic from a deleted topic of the
 * same name.
 */
export function topicIdsQuestion(topics: readonly string[]): Question<TopicIds> {
  return {
    apiKey: 3,
    name: 'Metadata',
    version: 10,
    encode: () => {
      const one = (topic: string) => Buffer.concat([ANY_TOPIC, compactString(topic), NO_TAGS])
      // Do not create missing topics, and do not request permissions.
      const flags = Buffer.concat([int8(0), int8(0), int8(0)])
      return Buffer.concat([NO_TAGS, compactArray(topics, one), flags, NO_TAGS])
    },
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.tags()
      answer.int32() // throttle time
      answer.compactArray(() => {
        answer.int32() // broker id
        answer.compactString() // host
        answer.int32() // port
        answer.compactString() // rack
        answer.tags()
      })
      const clusterId = answer.compactString()
      answer.int32() // controller id
      return { clusterId, topics: answer.compactArray(() => readTopicId(answer)) }
    },
  }
}

function readTopicId(answer: AnswerCursor): TopicId {
  const [errorCode, topic] = [answer.int16(), answer.compactString() ?? '']
  const id = answer.take(ID_BYTES).toString('hex')
  answer.int8() // whether the topic is internal
  const brokers = () => answer.compactArray(() => answer.int32())
  const partitions = answer.compactArray(() => {
    answer.int16() // error code
    answer.int32() // partition
    answer.int32() // leader id
    answer.int32() // leader epoch
    brokers() // replicas
    brokers() // in-sync replicas
    brokers() // offline replicas
    answer.tags()
  })
  answer.int32() // authorized operations
  answer.tags()
  return { errorCode, topic, id, partitionCount: partitions.length }
}
