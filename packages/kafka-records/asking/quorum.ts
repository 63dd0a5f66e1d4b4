import { AnswerCursor, compactArray, compactString, int32, NO_TAGS, type Question } from './wire.ts'

/** The keepers of the metadata of a cluster without ZooKeeper. */
export interface MetadataQuorum {
  readonly errorCode: number
  /** The active controller; -1 before one is elected. */
  readonly leader: number
  readonly epoch: number
  readonly voters: readonly { readonly id: number; readonly endOffset: number }[]
}

/** DescribeQuorum, version 0 (KIP-595). Only its answer has the active controller: metadata name any broker as the controller. */
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
  answer.int32() // 0
  const replicas = () =>
    answer.compactArray(() => {
      const replica = { id: answer.int32(), endOffset: answer.long() }
      answer.tags()
      return replica
    })
  const [errorCode, leader, epoch] = [answer.int16(), answer.int32(), answer.int32()]
  answer.int64() // high watermark
  const voters = replicas()
  replicas() // brokers that only read it
  answer.tags()
  return { errorCode, leader, epoch, voters }
}
