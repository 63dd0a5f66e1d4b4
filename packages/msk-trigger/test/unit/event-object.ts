/** The events of the trigger as objects, as a handler gets them. */
import type { LambdaEvent, LambdaRecord } from '../../invoke/event.ts'
import { eventJson, recordJson } from '../../invoke/event-content.ts'

export function lambdaRecord(...of: Parameters<typeof recordJson>): LambdaRecord {
  return JSON.parse(recordJson(...of))
}

export function lambdaEvent(
  mapping: Parameters<typeof eventJson>[0],
  brokers: readonly string[],
  parts: readonly (readonly [partition: number, records: readonly LambdaRecord[]])[],
): LambdaEvent {
  const texts = parts.map(
    ([partition, records]) => [partition, records.map(record => JSON.stringify(record))] as const,
  )
  return JSON.parse(eventJson(mapping, brokers, texts))
}
