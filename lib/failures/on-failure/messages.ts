/** Takes the messages that Lambda sends to SQS about discarded records. A failure is published for each record. */

import { type ContentMode, type OutgoingRecord, writeEvent } from '#runtime/cloudevents/index.ts'
import type { Publisher } from '#runtime/pipeline/ports.ts'
import { type Discarded, NotDiscarded } from './discarded-batch.ts'
import { type ObjectPlace, readNotice, readObject } from './notices.ts'
import { failureEvent, toFailures } from './to-failures.ts'

/** Message of an SQS queue. */
interface QueueMessage {
  readonly messageId: string
  readonly body: string
}

/** Ports for converting messages to failures. */
export interface OnFailurePorts {
  readonly publisher: Publisher
  /** Kafka topic for failures. */
  readonly topic: string
  readonly contentMode: ContentMode
  /** Returns the consumer to which a Lambda function belongs. */
  readonly resolveConsumer: (functionName: string) => string
  /** Returns the text of an object in S3. Rejects if the object cannot be read. */
  readObject(place: ObjectPlace): Promise<string>
  /** Logs an error. The details do not contain any content of a message. */
  logError(message: string, details: Record<string, unknown>): void
}

/**
 * Publishes the failures in the messages. A message stays in the queue if it cannot be read, or if Kafka rejects its failures. SQS
 * moves it to the dead-letter queue when it has reached the maximum number of receives.
 *
 * @returns response of a function with `ReportBatchItemFailures`: the messages that stay in the queue
 */
export async function takeMessages(
  messages: readonly QueueMessage[],
  ports: OnFailurePorts,
): Promise<{ readonly batchItemFailures: { itemIdentifier: string }[] }> {
  const batchItemFailures: { itemIdentifier: string }[] = []
  for (const { messageId, body } of messages)
    try {
      for (const discarded of await readMessage(body, ports)) await publishFailures(discarded, ports)
    } catch (error) {
      const { name, message } = error as Error
      ports.logError('a message about discarded records could not be processed and stays in the queue', {
        kind: 'on-failure-message',
        messageId,
        // Error messages of other libraries may quote the content of the message.
        error: error instanceof NotDiscarded ? message : name,
      })
      batchItemFailures.push({ itemIdentifier: messageId })
    }
  return { batchItemFailures }
}

async function readMessage(body: string, ports: OnFailurePorts): Promise<readonly Discarded[]> {
  const notice = readNotice(body)
  if (notice.kind === 'discarded') return [notice.discarded]
  const read: Discarded[] = []
  for (const place of notice.objects) read.push(readObject(await ports.readObject(place)))
  return read
}

async function publishFailures(
  discarded: Discarded,
  { publisher, topic, contentMode, resolveConsumer }: OnFailurePorts,
): Promise<void> {
  const records = toFailures(discarded, resolveConsumer).map((failure): OutgoingRecord => {
    const { originalKey } = failure
    const key = originalKey === null ? null : Buffer.from(originalKey, 'base64')
    return { topic, key, ...writeEvent(failureEvent(discarded, failure), contentMode) }
  })
  await publisher.publish(records)
}
