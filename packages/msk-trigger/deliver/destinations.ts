import type { Kafka } from 'kafkajs'
import type { Destination } from '../config/destination-setting.ts'
import { hasAnswer } from '../report/explain-error.ts'
import {
  batchRecord,
  type DiscardedRecords,
  type Origin,
  objectKey,
  objectRecord,
  splitByRecord,
  topicRecord,
} from './invocation-record.ts'

/** Maximum size of a request, in bytes. It is below the limit of a broker, about 1 MB. Larger requests are split. */
const REQUEST_BYTES = 512 * 1024

export interface Sender {
  /** Sends records. Rejects if any of them may not have arrived; the caller must then send all of them again. */
  send(discarded: DiscardedRecords): Promise<void>
  close(): Promise<void>
}

export interface SenderParts {
  readonly origin: Origin
  readonly groupId: string
  readonly kafka: Pick<Kafka, 'producer'>
}

export function createSender(destination: Destination, parts: SenderParts): Sender {
  return destination.kind === 'kafka'
    ? createTopicSender(destination.topic, parts)
    : createAwsSender(destination, parts)
}

/** Sends to a topic of the source cluster: one message per record, with the record's key. See rules 41 and 43 in `RULES.md`. */
function createTopicSender(topic: string, { kafka, origin }: SenderParts): Sender {
  const producer = cacheResult(async () => {
    // Disable the retries of kafkajs, because the caller retries with all records. kafkajs retries per broker: if partitions move
    // from a lost broker to one that has already responded, it would drop their messages.
    const newProducer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
    await newProducer.connect()
    return newProducer
  })
  /** Records that have arrived. They are not sent again while another record of their batch does not fit into the topic. */
  const arrived = new WeakSet<object>()
  return {
    async send(discarded) {
      const connected = await producer.get()
      const nowMs = Date.now()
      const copies = [...splitByRecord(discarded)].flatMap(part => {
        const [record] = part.parts[0]?.records ?? []
        if (!record || arrived.has(record)) return []
        // Without a key, kafkajs chooses the partition.
        return [{ record, key: record.key ?? null, value: JSON.stringify(topicRecord(part, origin, nowMs)) }]
      })
      await sendInParts(topic, copies, async some => {
        await connected.send({ topic, messages: some, acks: -1 })
        for (const { record } of some) arrived.add(record)
      })
    },
    async close() {
      const connected = await producer.now?.catch(() => {})
      await connected?.disconnect()
    },
  }
}

interface Copy {
  readonly key: Buffer | null
  readonly value: string
}

/**
 * Sends copies in order, in halves if they are too large for one request or, together, for the topic, or if the topic refuses one of
 * them.
 */
async function sendInParts<C extends Copy>(topic: string, copies: C[], send: (some: C[]) => Promise<void>) {
  const bytes = copies.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0)
  if (copies.length < 2 || bytes <= REQUEST_BYTES) {
    try {
      await send(copies)
      return
    } catch (error) {
      if (!hasAnswer(error, /(MESSAGE_TOO_LARGE|INVALID_RECORD)$/)) throw error
      const [copy, ...others] = copies
      if (copy && others.length === 0) throw explainedRefusal(topic, copy, error)
    }
  }
  const half = Math.ceil(copies.length / 2)
  for (const some of [copies.slice(0, half), copies.slice(half)]) await sendInParts(topic, some, send)
}

/** Returns the error of a copy that a topic refuses, with what to do. */
function explainedRefusal(topic: string, { key, value }: Copy, cause: unknown): unknown {
  if (hasAnswer(cause, /MESSAGE_TOO_LARGE$/)) {
    const bytes = Buffer.byteLength(value)
    return new Error(`a copy of ${bytes} bytes is larger than the topic's max.message.bytes: raise it`)
  }
  if (key) return cause
  return new Error(
    `the record has no key, and a compacted topic accepts none without: set cleanup.policy of ${topic} to delete`,
  )
}

/** Sends to the emulator of SQS, SNS or S3. The metadata is far below the limit of 256 KB per message (rule 49 in `RULES.md`). */
function createAwsSender({ kind, arn }: Extract<Destination, { arn: string }>, parts: SenderParts): Sender {
  const { origin, groupId } = parts
  const client = cacheResult(async () => (await import('./aws-destinations.ts')).awsPut(kind, arn))
  return {
    async send(discarded) {
      const put = await client.get()
      const nowMs = Date.now()
      if (kind === 's3')
        await put(JSON.stringify(objectRecord(discarded, origin, nowMs)), objectKey(groupId, nowMs))
      else await put(JSON.stringify(batchRecord(discarded, origin, nowMs)))
    },
    async close() {},
  }
}

/** Returns a function that calls `open` and caches its result. After a failure, the next call opens again. */
function cacheResult<T>(open: () => Promise<T>) {
  const own = {
    now: undefined as Promise<T> | undefined,
    get: () => {
      own.now ??= open()
      own.now.catch(() => {
        own.now = undefined
      })
      return own.now
    },
  }
  return own
}
