import { hash } from 'node:crypto'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { type Discarded, LAMBDA_DISCARDED_TYPE, NotDiscarded, readDiscarded } from './discarded.ts'

/**
 * Converts a message about discarded records that Lambda has written to a Kafka topic to an event, which the router can process.
 * Returns undefined for all other records.
 */
export function discardedEvent({ value }: Pick<LogRecord, 'value'>): Event<Discarded> | undefined {
  if (value === null) return undefined
  try {
    const discarded = readDiscarded(JSON.parse(value.toString()))
    return {
      id: hash('sha256', value, 'base64url'),
      source: `/lambda/${discarded.functionName}`,
      type: LAMBDA_DISCARDED_TYPE,
      ...(discarded.at === undefined ? {} : { time: discarded.at }),
      datacontenttype: 'application/json',
      data: discarded,
    }
  } catch (error) {
    if (error instanceof NotDiscarded || error instanceof SyntaxError) return undefined
    throw error
  }
}
