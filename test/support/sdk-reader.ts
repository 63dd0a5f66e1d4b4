import assert from 'node:assert/strict'
import type { ForeignRecord } from '@sluice/test-kit/foreign-client'
import { type CloudEvent, Kafka as Sdk } from 'cloudevents'
import type { IHeaders } from 'kafkajs'

/** Parses a record with the CloudEvents SDK in strict mode. The SDK is independent of Sluice's own implementation. */
export function readEvent({ headers = {}, key, value }: ForeignRecord): CloudEvent<unknown> {
  const message = {
    headers: readText(headers),
    key: key?.toString(),
    value: value?.toString(),
    body: value?.toString(),
  }
  const event = Sdk.toEvent(message as unknown as Parameters<typeof Sdk.toEvent>[0]) as CloudEvent<unknown>
  assert.equal(event.validate(), true)
  assert.equal(event.specversion, '1.0')
  return event
}

function readText(headers: IHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
