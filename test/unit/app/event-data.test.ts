import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { APPLICATION } from '../../support/families.ts'
import { alertFired, environmentReading } from '../../support/records.ts'

describe('given an alert without labels', () => {
  const event = alertFired('a')
  const { labels: _, ...data } = (event.data ?? {}) as Record<string, unknown>

  for (const extension of ['json', 'proto'])
    test(`when it is plain data with the schema .${extension}, then it breaks the schema`, () => {
      const dataschema = `https://sluice.io/schemas/alert.fired.v1.${extension}`
      const read = APPLICATION.readData({ ...event, dataschema, data: { ...data } })
      assert.equal(read.kind, 'failure')
    })
})

describe('data that is not JSON', () => {
  for (const [contentType, message] of [
    [
      'text/plain; charset=utf-8',
      'its content type is text/plain; charset=utf-8, but its data must be JSON, Avro or Protobuf',
    ],
    [undefined, 'its content type is missing, but its data must be JSON, Avro or Protobuf'],
  ] as const)
    test(`given the content type ${contentType}, then a reading is refused by it`, () => {
      const event = environmentReading('r-1', { data: Buffer.from('x'.repeat(200)) })
      const { datacontenttype: _, ...others } = event
      const read = APPLICATION.readData({ ...others, ...(contentType && { datacontenttype: contentType }) })
      assert.deepEqual(read, { kind: 'failure', code: 'schema-violated', message })
    })
})
