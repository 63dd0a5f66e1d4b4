import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readData } from '../../../lib/app/event-data.ts'
import { alertFired } from '../../support/records.ts'

describe('given an alert without labels', () => {
  const event = alertFired('a')
  const { labels: _, ...data } = (event.data ?? {}) as Record<string, unknown>

  for (const extension of ['json', 'proto'])
    test(`when it is plain data with the schema .${extension}, then it breaks the schema`, () => {
      const dataschema = `https://sluice.io/schemas/alert.fired.v1.${extension}`
      const read = readData({ ...event, dataschema, data: { ...data } })
      assert.equal(read.kind, 'failure')
    })
})
