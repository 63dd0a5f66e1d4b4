/** Handles the messages that Lambda sends to SQS about discarded records. A failure is published for each record. */

import middy from '@middy/core'
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { addValues } from '#runtime/adapters/lambda/measurements.ts'
import { createTelemetry, inEnvironment, logsContext } from '#runtime/adapters/lambda/telemetry.ts'
import type { OutgoingRecord } from '#runtime/cloudevents/record.ts'
import { writeEvent } from '#runtime/cloudevents/writer.ts'
import { KafkaConnections } from '#runtime/lambda/kafka-clients.ts'
import { once } from '#runtime/lambda/once.ts'
import type { Publisher } from '#runtime/pipeline/ports.ts'
import type { GeneralSettings } from '#runtime/settings/general.ts'
import type { Discarded } from '../failures/on-failure/discarded.ts'
import { failureEvent, toFailures } from '../failures/on-failure/failures.ts'
import { type ObjectPlace, readNotice, readObject } from '../failures/on-failure/notices.ts'
import { NAME } from './name.ts'
import { toFunctionName } from './resource-names.ts'
import { GENERAL, KAFKA, readSettings } from './settings/index.ts'
import { topicName } from './topics.ts'

/** Ports for converting messages to failures. */
export interface OnFailurePorts {
  readonly publisher: Publisher
  /** Returns the text of an object in S3. Rejects if the object cannot be read. */
  readObject(place: ObjectPlace): Promise<string>
  /**
   * Reports a message that could not be converted.
   *
   * @param error error that does not contain any content of the message
   */
  reportError(messageId: string, error: Error): void
}

/** Returns a handler for the event source mapping of an SQS queue with `ReportBatchItemFailures`. */
export function onFailure(name: string) {
  const { logger, metrics } = createTelemetry(name, NAME)
  let publishedMs: number[] = []
  const start = once(async () => {
    const config = readSettings([GENERAL, KAFKA])
    inEnvironment(metrics, config.env)
    const connections = new KafkaConnections(config, `${NAME}-${name}`)
    connections.onPublished = ms => void publishedMs.push(ms)
    return { config, connections }
  })
  const objects = once(async () => {
    const { DiscardedObjects } = await import('./aws/discarded-objects.ts')
    return (await start()).connections.register(new DiscardedObjects())
  })
  return middy<SQSEvent, SQSBatchResponse, Error, Context>()
    .use(logsContext(logger))
    .handler(async event => {
      const { config, connections } = await start()
      const answer = await takeMessages(event, config, {
        publisher: await connections.publisher(),
        readObject: async place => (await objects()).read(place),
        reportError: (messageId, { name: error, message }) =>
          logger.error('a message about discarded records could not be processed and stays in the queue', {
            kind: 'on-failure-message',
            messageId,
            // Error messages of other libraries may quote the content of the message.
            error: error === 'NotDiscarded' ? message : error,
          }),
      }).finally(() => connections.afterInvocation(config))
      logger.info('done', { messages: event.Records.length, failed: answer.batchItemFailures.length })
      addValues(metrics, 'publishMs', publishedMs)
      publishedMs = []
      metrics.publishStoredMetrics()
      return answer
    })
}

/**
 * Publishes the failures in the messages. A message stays in the queue if it cannot be read, or if Kafka rejects its failures. SQS
 * moves it to the dead-letter queue when it has reached the maximum number of receives.
 */
export async function takeMessages(
  { Records }: Pick<SQSEvent, 'Records'>,
  config: Pick<GeneralSettings, 'env' | 'contentMode'>,
  ports: OnFailurePorts,
): Promise<SQSBatchResponse> {
  const batchItemFailures: { itemIdentifier: string }[] = []
  for (const { messageId, body } of Records)
    try {
      for (const discarded of await discardedIn(body, ports))
        await publish(discarded, config, ports.publisher)
    } catch (error) {
      ports.reportError(messageId, error as Error)
      batchItemFailures.push({ itemIdentifier: messageId })
    }
  return { batchItemFailures }
}

async function discardedIn(body: string, ports: OnFailurePorts): Promise<readonly Discarded[]> {
  const notice = readNotice(body)
  if (notice.kind === 'discarded') return [notice.discarded]
  const read: Discarded[] = []
  for (const place of notice.objects) read.push(readObject(await ports.readObject(place)))
  return read
}

async function publish(
  discarded: Discarded,
  { env, contentMode }: Pick<GeneralSettings, 'env' | 'contentMode'>,
  publisher: Publisher,
): Promise<void> {
  const topic = topicName('failures', env)
  const failures = toFailures(discarded, name => toFunctionName(name, env))
  const records = failures.map((failure): OutgoingRecord => {
    const { originalKey } = failure
    const key = originalKey === null ? null : Buffer.from(originalKey, 'base64')
    return { topic, key, ...writeEvent(failureEvent(discarded, failure), contentMode) }
  })
  await publisher.publish(records)
}
