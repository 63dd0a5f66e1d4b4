import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readData } from '../../../lib/app/event-data.ts'
import { alertFired } from '../../support/records.ts'

describe('given an alert without labels', () => {
  const event = alertFired('a')
  const { labels: _, ...data } = (event.data ?? {}) as Record<string, unknown>

  test('when its schema is that of JSON, then it breaks the schema', () => {
    const read = readData({ ...event, data })
    assert.equal(read.kind, 'failure')
  })

  test('when its schema is that of Protobuf, then its labels are empty', () => {
    const dataschema = 'https://sluice.io/schemas/alert.fired.v1.proto'
    const read = readData({ ...event, dataschema, data: { ...data } })
    assert.deepEqual(read, { kind: 'data', data: { ...data, labels: {} } })
  })
})
