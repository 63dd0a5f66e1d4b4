/** The response to a Fetch request, versions 4 to 11: https://kafka.apache.org/protocol#The_Messages_Fetch */
import { setImmediate as turn } from 'node:timers/promises'
import { Cursor } from './cursor.ts'
import type { FetchedPartition } from './decode-partition.ts'
import type { FetchedRecord } from './fetched-record.ts'
import { UnreadableBytes } from './unreadable-bytes.ts'

export const OLDEST_VERSION = 4
export const NEWEST_VERSION = 11

/** Time in milliseconds after which decoding is interrupted, so that the event loop can handle heartbeats and other work. */
const MAX_STRETCH_MS = 20

/** A response in the format that kafkajs uses. */
export interface FetchResponse {
  readonly throttleTime: number
  readonly clientSideThrottleTime?: number
  readonly errorCode?: number
  readonly sessionId?: number
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly PartitionResponse[]
  }[]
}

interface PartitionHead {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: string
  readonly lastStableOffset: string
  readonly lastStartOffset?: string
  readonly preferredReadReplica?: number
}

type PartitionResponse = PartitionHead & {
  /** Always empty, because the records of aborted transactions are removed during decoding. */
  readonly abortedTransactions: readonly []
  readonly messages: readonly FetchedRecord[]
}

interface Raw {
  readonly head: PartitionHead
  readonly aborted: readonly { readonly producerId: string; readonly firstOffset: number }[]
  readonly bytes: Buffer
}

interface RawTopic {
  readonly topicName: string
  readonly partitions: readonly Raw[]
}

/** Data of the request to which a response belongs, and state that is kept between responses. */
export interface FetchState {
  getOffset(topic: string, partition: number): number
  /** Returns the decoded records of a partition; none if decoding takes too long. Rejects with the errors of `decodePartition`. */
  decodePartition(fetched: FetchedPartition): Promise<readonly FetchedRecord[]>
  /** Messages of errors that were postponed in the last response. */
  readonly putOff: Set<string>
}

/**
 * Decodes a response.
 *
 * @throws UnreadableBytes if a partition starts with a batch that cannot be read, unless the error is postponed to the next
 *   response
 */
export async function decodeFetchResponse(
  payload: Buffer,
  version: number,
  state: FetchState,
): Promise<FetchResponse> {
  const cursor = new Cursor(payload)
  const throttleMs = cursor.int32()
  // From version 8 on, the client throttles itself. kafkajs uses another field for this value.
  const throttle =
    version < 8 ? { throttleTime: throttleMs } : { throttleTime: 0, clientSideThrottleTime: throttleMs }
  const session = version < 7 ? {} : { errorCode: cursor.int16(), sessionId: cursor.int32() }
  const topics = cursor.array(() => ({
    topicName: cursor.string() ?? '',
    partitions: cursor.array(() => readRawPartition(cursor, version)),
  }))
  return { ...throttle, ...session, responses: await decodeTopics(topics, state) }
}

function readRawPartition(cursor: Cursor, version: number): Raw {
  const head = {
    partition: cursor.int32(),
    errorCode: cursor.int16(),
    highWatermark: String(cursor.int64()),
    lastStableOffset: String(cursor.int64()),
    ...(version < 5 ? {} : { lastStartOffset: String(cursor.int64()) }),
  }
  const aborted = cursor.array(() => ({
    producerId: String(cursor.int64()),
    firstOffset: Number(cursor.int64()),
  }))
  const replica = version < 11 ? {} : { preferredReadReplica: cursor.int32() }
  return { head: { ...head, ...replica }, aborted, bytes: cursor.take(Math.max(0, cursor.int32())) }
}

/**
 * Decodes one partition after another, which needs the least memory. A partition that cannot be read neither blocks the others nor
 * is skipped silently: first the records of the others are returned, and the next response throws the error.
 */
async function decodeTopics(
  topics: readonly RawTopic[],
  { getOffset, decodePartition, putOff }: FetchState,
): Promise<FetchResponse['responses']> {
  const unreadable: UnreadableBytes[] = []
  const responses = []
  let turnAtMs = performance.now()
  for (const { topicName, partitions } of topics) {
    const answers: PartitionResponse[] = []
    for (const { head, aborted, bytes } of partitions) {
      if (performance.now() - turnAtMs > MAX_STRETCH_MS) {
        await turn()
        turnAtMs = performance.now()
      }
      const { partition } = head
      const place = { topic: topicName, partition, fromOffset: getOffset(topicName, partition) }
      const messages = await decodePartition({ ...place, bytes, aborted }).catch(error => {
        if (!(error instanceof UnreadableBytes)) throw error
        unreadable.push(error)
        return [] as const
      })
      answers.push({ ...head, abortedTransactions: [], messages })
    }
    responses.push({ topicName, partitions: answers })
  }
  const hasBrought = responses.some(({ partitions }) =>
    partitions.some(({ messages }) => messages.length > 0),
  )
  for (const error of unreadable) {
    if (!hasBrought || putOff.delete(error.message)) throw error
    putOff.add(error.message)
  }
  return responses
}
