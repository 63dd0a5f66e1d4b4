import { AnswerCursor, array, int8, type Question, string } from './wire.ts'

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
