/** Requests about transactions (KIP-664). */
import { AnswerCursor, compactArray, compactString, int32, int64, NO_TAGS, type Question } from './wire.ts'

/** Returns a DescribeProducers request for the producers of partitions. It must be sent to the leader of the partitions. */
export function producersQuestion(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
) {
  const body = compactArray(topics, ({ topic, partitions }) =>
    Buffer.concat([compactString(topic), compactArray(partitions, int32), NO_TAGS]),
  )
  return createQuestion(61, 'DescribeProducers', [body], answer =>
    readList(answer, () => {
      const topic = answer.compactString() ?? ''
      return readList(answer, () => {
        const [partition, errorCode] = [answer.int32(), answer.int16()]
        answer.compactString() // error message
        return { topic, partition, errorCode, producers: readList(answer, () => readProducer(answer)) }
      })
    }).flat(),
  )
}

function readProducer(answer: AnswerCursor) {
  const producerId = answer.long()
  answer.skip(8) // epoch and last sequence number
  /** Time of its last record, in milliseconds since the epoch; -1 if unknown. */
  const lastMs = answer.long()
  answer.skip(4) // epoch of the coordinator
  /** First offset of its open transaction; -1 if none is open. */
  const firstOffset = answer.long()
  return { producerId, lastMs, firstOffset }
}

/** Returns a ListTransactions request for the transactional ids of producers that the broker coordinates. */
export function transactionalIdsQuestion(producerIds: readonly number[]) {
  const body = [compactArray([], compactString), compactArray(producerIds, int64)]
  return createQuestion(66, 'ListTransactions', body, answer => {
    answer.int16() // error code; the list is then empty
    answer.compactArray(() => answer.compactString()) // unknown states
    return readList(answer, () => {
      const transactionalId = answer.compactString() ?? ''
      answer.skip(8) // producer id
      answer.compactString() // state
      return transactionalId
    })
  })
}

/** Last transaction of a transactional id, as its coordinator knows it. */
export type Transaction = ReturnType<typeof readTransaction>

/** Returns a DescribeTransactions request. It must be sent to the coordinator of the transactional ids. */
export function transactionsQuestion(transactionalIds: readonly string[]) {
  const body = compactArray(transactionalIds, compactString)
  return createQuestion(65, 'DescribeTransactions', [body], answer =>
    readList(answer, () => readTransaction(answer)),
  )
}

function readTransaction(answer: AnswerCursor) {
  const [errorCode, transactionalId] = [answer.int16(), answer.compactString() ?? '']
  const [state, timeoutMs] = [answer.compactString() ?? '', answer.int32()]
  const [startMs, producerId] = [answer.long(), answer.long()]
  answer.skip(2) // epoch of the producer
  /** Partitions of the transaction, each as `topic/partition`. */
  const partitions = readList(answer, () => {
    const topic = answer.compactString()
    return answer.compactArray(() => `${topic}/${answer.int32()}`)
  }).flat()
  return { errorCode, transactionalId, state, timeoutMs, startMs, producerId, partitions }
}

/** Returns version 0 of a request in the flexible encoding. @param read reads the response after the throttle time */
function createQuestion<Answer>(
  apiKey: number,
  name: string,
  body: readonly Buffer[],
  read: (answer: AnswerCursor) => Answer,
): Question<Answer> {
  const encode = () => Buffer.concat([NO_TAGS, ...body, NO_TAGS])
  const decode = (bytes: Buffer) => {
    const answer = new AnswerCursor(bytes)
    answer.tags()
    answer.int32() // throttle time
    return read(answer)
  }
  return { apiKey, name, version: 0, encode, decode }
}

/** Reads a list of structures, each of which ends with tagged fields. */
function readList<T>(answer: AnswerCursor, read: () => T): T[] {
  return answer.compactArray(() => {
    const item = read()
    answer.tags()
    return item
  })
}
