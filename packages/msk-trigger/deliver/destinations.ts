import type { Kafka, Message } from 'kafkajs'
import type { Destination } from '../config/destination-setting.ts'
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
  return {
    async send(discarded) {
      const connected = await producer.get()
      const nowMs = Date.now()
      const messages = [...splitByRecord(discarded)].map(part => ({
        // Without a key, kafkajs chooses the partition.
        key: part.parts[0]?.records[0]?.key ?? null,
        value: JSON.stringify(topicRecord(part, origin, nowMs)),
      }))
      for (const some of splitBySize(messages)) await connected.send({ topic, messages: some, acks: -1 })
    },
    async close() {
      const connected = await producer.now?.catch(() => {})
      await connected?.disconnect()
    },
  }
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

function* splitBySize(messages: readonly (Message & { readonly value: string })[]): Generator<Message[]> {
  let some: Message[] = []
  let bytes = 0
  for (const message of messages) {
    if (some.length > 0 && bytes + message.value.length > REQUEST_BYTES) {
      yield some
      some = []
      bytes = 0
    }
    some.push(message)
    bytes += message.value.length
  }
  if (some.length > 0) yield some
}
