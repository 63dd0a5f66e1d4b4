import { AnswerCursor, compactArray, compactString, int32, NO_TAGS, type Question } from './wire.ts'

/** Feature levels of a broker, by the name of the feature, such as `metadata.version`. */
export interface BrokerFeatures {
  /** Highest levels that the broker's release supports. */
  readonly supported: ReadonlyMap<string, number>
  /** Levels in effect for the whole cluster. */
  readonly finalized: ReadonlyMap<string, number>
}

/**
 * Returns an ApiVersions request, version 3 (KIP-511, KIP-584). The feature levels in the response show the release of the broker.
 * Clusters with ZooKeeper have no feature levels.
 */
export function featuresQuestion(): Question<BrokerFeatures> {
  return {
    apiKey: 18,
    name: 'ApiVersions',
    versions: [3],
    encode: () => Buffer.concat([NO_TAGS, compactString('sluice'), compactString('1'), NO_TAGS]),
    // Unlike other flexible responses, this response has no tags in its header, because the client may not know yet which versions
    // the broker supports.
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int16() // error code
      answer.compactArray(() => {
        answer.skip(3 * 2)
        answer.tags()
      })
      answer.int32() // throttle time
      const supported = new Map<string, number>()
      const finalized = new Map<string, number>()
      answer.tags({
        0: field => featuresIn(field, supported, 1),
        2: field => featuresIn(field, finalized, 0),
      })
      return { supported, finalized }
    },
  }
}

/**
 * Reads a list with a range of levels for each feature. The two lists of the response have different orders of the levels.
 *
 * @param highest index of the highest level
 */
function featuresIn(field: AnswerCursor, levels: Map<string, number>, highest: 0 | 1): void {
  field.compactArray(() => {
    levels.set(field.compactString() ?? '', [field.int16(), field.int16()][highest] as number)
    field.tags()
  })
}

/** State of the metadata quorum of a cluster without ZooKeeper. */
export interface MetadataQuorum {
  readonly errorCode: number
  /** Id of the active controller; -1 before one is elected. */
  readonly leader: number
  readonly epoch: number
  readonly voters: readonly { readonly id: number; readonly endOffset: number }[]
}

/**
 * Returns a DescribeQuorum request, version 0 (KIP-595). Only its response contains the active controller; a Metadata response
 * names an arbitrary broker as the controller.
 */
export function quorumQuestion(): Question<MetadataQuorum> {
  const partition = () => Buffer.concat([int32(0), NO_TAGS])
  const topic = (name: string) => Buffer.concat([compactString(name), compactArray([0], partition), NO_TAGS])
  return {
    apiKey: 55,
    name: 'DescribeQuorum',
    versions: [0],
    encode: () => Buffer.concat([NO_TAGS, compactArray(['__cluster_metadata'], topic), NO_TAGS]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.tags()
      const errorCode = answer.int16()
      const topics = answer.compactArray(() => {
        answer.compactString()
        const partitions = answer.compactArray(() => partitionIn(answer))
        answer.tags()
        return partitions
      })
      const [first] = topics.flat()
      if (!first) return { errorCode, leader: -1, epoch: -1, voters: [] }
      return { ...first, errorCode: errorCode || first.errorCode }
    },
  }
}

function partitionIn(answer: AnswerCursor): MetadataQuorum {
  answer.int32() // partition, always 0
  const replicas = () =>
    answer.compactArray(() => {
      const replica = { id: answer.int32(), endOffset: answer.long() }
      answer.tags()
      return replica
    })
  const [errorCode, leader, epoch] = [answer.int16(), answer.int32(), answer.int32()]
  answer.int64() // high watermark
  const voters = replicas()
  replicas() // observers
  answer.tags()
  return { errorCode, leader, epoch, voters }
}
