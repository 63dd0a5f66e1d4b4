/** Invokes the functions in this process with the records of their topics, in the same way as Lambda, but without delays. */
import type { Context } from 'aws-lambda'
import type { LogRecord } from '#runtime/cloudevents'
import type { KafkaHandler } from '#runtime/functions/consumers'
import { kafkaEvent } from '#runtime/test/support/records'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import type { TestEnvironment } from '../support/environment.ts'

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context

/**
 * Delivers a topic from its beginning to a function. Call this only once per function. The function uses the settings of this
 * process at the first call.
 *
 * @throws Error if the function does not accept all records
 */
export async function deliver(environment: TestEnvironment, name: string, signal: Signal): Promise<void> {
  const { handler } = (await import(`../../functions/${name}/handler.ts`)) as { handler: KafkaHandler }
  const records = await inLog(environment, signal)
  const { batchItemFailures } = await handler(kafkaEvent(records), CONTEXT)
  if (batchItemFailures.length > 0)
    throw new Error(`${name} has not accepted ${JSON.stringify(batchItemFailures)}`)
}

async function inLog(environment: TestEnvironment, signal: Signal): Promise<LogRecord[]> {
  const records = (await environment.read(signal)).map(
    ({ partition, offset, timestamp, key, value, headers }): LogRecord => ({
      topic: environment.topic(signal),
      partition,
      offset: Number(offset),
      timestampMs: Number(timestamp),
      key,
      value,
      headers: Object.entries(headers ?? {}).map(([header, bytes]) => [header, Buffer.from(String(bytes))]),
    }),
  )
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}
