import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  type LambdaEvent,
  type LambdaRecord,
  lambdaEvent,
  type Message,
} from '../../../../localstack/msk-trigger/event.ts'

function sample(name: string): LambdaEvent {
  return JSON.parse(readFileSync(new URL(`samples/${name}.json`, import.meta.url), 'utf8'))
}

/** The message that the broker would have had for a record of a sample. */
function messageOf(record: LambdaRecord): Message {
  const headers: Record<string, Buffer[]> = {}
  for (const header of record.headers) {
    for (const [name, bytes] of Object.entries(header))
      headers[name] = [...(headers[name] ?? []), Buffer.from(bytes)]
  }
  return {
    key: record.key === undefined ? null : Buffer.from(record.key, 'base64'),
    value: record.value === undefined ? null : Buffer.from(record.value, 'base64'),
    timestamp: String(record.timestamp),
    offset: String(record.offset),
    headers,
    batchContext: { timestampType: record.timestampType === 'LOG_APPEND_TIME' ? 1 : 0 },
    ...(record.keySchemaMetadata && { keySchema: record.keySchemaMetadata }),
    ...(record.valueSchemaMetadata && { valueSchema: record.valueSchemaMetadata }),
  }
}

/** The trigger's own event with the records of a sample. */
function made(event: LambdaEvent): LambdaEvent {
  const parts = Object.values(event.records).map(
    records => [records[0]?.partition ?? 0, records.map(messageOf)] as const,
  )
  const mapping = {
    kind: event.eventSource === 'aws:kafka' ? ('msk' as const) : ('kafka' as const),
    topic: 'mytopic',
    ...(event.eventSourceArn !== undefined && { eventSourceArn: event.eventSourceArn }),
  }
  return lambdaEvent(mapping, event.bootstrapServers.split(','), parts)
}

describe('the event has the form of the samples (rules 11 to 14)', () => {
  for (const name of ['msk', 'self-managed', 'schema-registry']) {
    it(`${name}: key for key, in the same order`, () => {
      assert.equal(JSON.stringify(made(sample(name)), null, 2), JSON.stringify(sample(name), null, 2))
    })
  }
})
