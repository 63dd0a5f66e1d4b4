/** Requests about transactions (KIP-664), of version 0. A place is `topic/partition`. */
import { AnswerCursor, compactArray, compactString, int32, int64, NO_TAGS, type Question } from './wire.ts'

/** Returns a DescribeProducers request. It must be sent to the leader of the partitions. */
export function producersQuestion(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
) {
  const body = compactArray(topics, ({ topic, partitions }) =>
    Buffer.concat([compactString(topic), compactArray(partitions, int32), NO_TAGS]),
  )
  return createQuestion(61, 'DescribeProducers', body, answer => {
    const topic = answer.compactString()
    return readList(answer, () => {
      const [place, errorCode] = [`${topic}/${answer.int32()}`, answer.int16()]
      answer.compactString() // error message
      const producers = readList(answer, () => {
        const producerId = answer.long()
        answer.skip(8) // epoch and last sequence number
        const lastMs = answer.long()
        answer.skip(4) // epoch of the coordinator
        return { producerId, lastMs, firstOffset: answer.long() }
      })
      return { place, errorCode, producers }
    })
  })
}

/** Returns a ListTransactions request for the transactional ids of producers that the broker coordinates. */
export function transactionalIdsQuestion(producerIds: readonly number[]) {
  const body = Buffer.concat([compactArray([], compactString), compactArray(producerIds, int64)])
  const readHead = (answer: AnswerCursor) => {
    answer.int16() // error code; the list is then empty
    answer.compactArray(() => answer.compactString()) // unknown states
  }
  const readId = (answer: AnswerCursor) => {
    const transactionalId = answer.compactString() ?? ''
    answer.skip(8) // producer id
    answer.compactString() // state
    return transactionalId
  }
  return createQuestion(66, 'ListTransactions', body, readId, readHead)
}

/** Returns a DescribeTransactions request. It must be sent to the coordinator of the transactional ids. */
export function transactionsQuestion(transactionalIds: readonly string[]) {
  const body = compactArray(transactionalIds, compactString)
  return createQuestion(65, 'DescribeTransactions', body, answer => {
    const [errorCode, transactionalId] = [answer.int16(), answer.compactString() ?? '']
    answer.compactString() // state
    const [timeoutMs, startMs, producerId] = [answer.int32(), answer.long(), answer.long()]
    answer.skip(2) // epoch of the producer
    const topics = readList(answer, () => {
      const topic = answer.compactString()
      return answer.compactArray(() => `${topic}/${answer.int32()}`)
    })
    return { errorCode, transactionalId, timeoutMs, startMs, producerId, places: topics.flat() }
  })
}

/** Returns a request in the flexible encoding, whose response is a list. @param readHead reads what precedes the list */
function createQuestion<Item>(
  apiKey: number,
  name: string,
  body: Buffer,
  read: (answer: AnswerCursor) => Item,
  readHead: (answer: AnswerCursor) => void = () => {},
): Question<Item[]> {
  const decode = (bytes: Buffer) => {
    const answer = new AnswerCursor(bytes)
    answer.tags()
    answer.int32() // throttle time
    readHead(answer)
    return readList(answer, () => read(answer))
  }
  return { apiKey, name, version: 0, encode: () => Buffer.concat([NO_TAGS, body, NO_TAGS]), decode }
}

/** Reads a list of structures, each of which ends with tagged fields. */
function readList<T>(answer: AnswerCursor, read: () => T): T[] {
  return answer.compactArray(() => {
    const item = read()
    answer.tags()
    return item
  })
}
