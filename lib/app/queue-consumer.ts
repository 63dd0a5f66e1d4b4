/** Creates the handlers in `functions/` that take messages from an SQS queue. */
import middy from '@middy/core'
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { addValues } from '#runtime/adapters/lambda/measurements.ts'
import { createTelemetry, inEnvironment, logsContext } from '#runtime/adapters/lambda/telemetry.ts'
import { KafkaClients } from '#runtime/lambda/kafka-clients.ts'
import { once } from '#runtime/lambda/once.ts'
import { NAME } from './name.ts'
import { type CombinedParts, GENERAL, KAFKA, NAMES, readSettings } from './settings/index.ts'

interface QueueRun {
  readonly config: CombinedParts<readonly [typeof GENERAL, typeof NAMES, typeof KAFKA]>
  readonly connections: KafkaClients
  /** Logs an error. @param details must not contain any content of a message */
  readonly logError: (message: string, details: Record<string, unknown>) => void
}

/** Takes messages, and returns those that stay in the queue. */
type TakeMessages = (messages: SQSEvent['Records']) => Promise<SQSBatchResponse>

/**
 * Returns a handler for the event source mapping of an SQS queue with `ReportBatchItemFailures`.
 *
 * @param prepare called once per cold start
 */
export function queueConsumer(name: string, prepare: (run: QueueRun) => TakeMessages) {
  const { logger, metrics } = createTelemetry(name, NAME)
  let publishedMs: number[] = []
  const start = once(async () => {
    const config = readSettings([GENERAL, NAMES, KAFKA])
    inEnvironment(metrics, config.env)
    const connections = new KafkaClients(config, `${NAME}-${name}`)
    connections.onPublished = ms => void publishedMs.push(ms)
    const logError: QueueRun['logError'] = (message, details) => logger.error(message, details)
    return { config, connections, takeMessages: prepare({ config, connections, logError }) }
  })
  return middy<SQSEvent, SQSBatchResponse, Error, Context>()
    .use(logsContext(logger))
    .handler(async ({ Records }) => {
      const { config, connections, takeMessages } = await start()
      const answer = await takeMessages(Records).finally(() => connections.afterInvocation(config))
      logger.info('done', { messages: Records.length, failed: answer.batchItemFailures.length })
      addValues(metrics, 'publishMs', publishedMs)
      publishedMs = []
      metrics.publishStoredMetrics()
      return answer
    })
}
