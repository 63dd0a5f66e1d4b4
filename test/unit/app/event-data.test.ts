import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { environmentReading } from '#runtime/test/support/records'
import { createActivity } from '../../../lib/activity/process.ts'
import { grouping } from '../../../lib/alerting/patterns/grouping.ts'
import { patterns } from '../../../lib/alerting/patterns/process.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { createStatistics } from '../../../lib/analytics/processor.ts'
import { dlqRouter } from '../../../lib/failures/dlq-router.ts'
import { notifier } from '../../../lib/notification/notifier.ts'
import { TICK_TYPE } from '../../../lib/telemetry/tick.ts'
import { VIEW_ROW_TYPE } from '../../../lib/views/event-names.ts'
import { alertFired } from '../../support/alerts.ts'
import { APPLICATION, FAMILIES } from '../../support/families.ts'

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

describe('an event without data', () => {
  const consumers = [
    alerting(FAMILIES, []),
    patterns(FAMILIES, []),
    grouping(FAMILIES, []),
    createActivity(FAMILIES),
    createStatistics(FAMILIES),
    dlqRouter({} as never),
    notifier({} as never),
  ]
  const types = new Set([...consumers.flatMap(({ accepts }) => accepts), VIEW_ROW_TYPE])
  // Ticks have no data.
  types.delete(TICK_TYPE)
  assert.ok(types.size > 10)

  for (const type of types)
    test(`given the type ${type}, then it fails before a process reads its data`, () => {
      const read = APPLICATION.readData({ id: '1', source: '/test', type })
      assert.equal(read.kind === 'failure' && read.code, 'schema-violated')
    })
})
