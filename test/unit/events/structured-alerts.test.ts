import assert from 'node:assert/strict'
import { it } from 'node:test'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { alerting } from '../../../lib/alerting/process.ts'
import { FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'
import { createRule } from '../alerting/support.ts'

// Promise docs/clients.md#read-alerts
it('given CONTENT_MODE=structured, then the value of an alert is the whole event', async () => {
  const stage = new Stage(alerting(FAMILIES, [createRule({ name: 'HOT', fireAbove: 40 })]) as never)
  stage.consumer = { ...stage.consumer, contentMode: 'structured' }
  await stage.batch([logRecord(0, environmentReading('r-1', { temperature: 45 }))])
  const [record] = stage.publisher.publishedRecords
  const event = JSON.parse(String(record?.value))
  assert.equal(event.type, 'io.sluice.alert.fired.v1')
  assert.deepEqual([event.data.rule, event.data.value], ['HOT', 45])
})
