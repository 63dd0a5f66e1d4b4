import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { writeEvent } from '#runtime/cloudevents/writer.ts'
import type { Overview } from '../../console/api/overview/overview.ts'
import { fired, firstAlert } from '../support/alerts.ts'
import { AlternatingSensors } from '../support/alternating-sensors.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { brokers } from '../support/servers.ts'
import { until } from '../support/until.ts'

const SENSORS = 24

describe('the overview of the console', () => {
  let environment: TestEnvironment
  let served: ServedConsole

  before(async () => {
    environment = await TestEnvironment.create()
    served = await servedConsole({ env: environment.name })
  })

  after(async () => {
    await served?.close()
    await environment?.close()
  })

  const readings = () => environment.topic('readings')
  const overview = () => served.ask<Overview>('/overview')
  const lagOf = ({ consumers }: Overview, name: string) =>
    consumers.find(one => one.function === name && one.topic === readings())?.lag

  it('given an empty environment, then all consumers and topics are there, and none has stalled', async () => {
    const first = await overview()
    assert.deepEqual(first.servers, { kafka: null, redis: null })
    assert.deepEqual(first.standing, [])
    assert.ok(first.consumers.length >= 10)
    assert.deepEqual([first.counters.in, lagOf(first, 'alerting')], [0, 0])
    assert.equal(first.openDeadLetters, 0)
    assert.deepEqual(first.lastAlerts, [])
  })

  it('given readings of which a consumer has taken some, then its lag has the others', async () => {
    await environment.client.send(readings(), new AlternatingSensors(SENSORS).nextRound())
    const ends = await environment.client.ends(readings())
    await commit(`sluice-alerting-${environment.name}`, readings(), ends)
    await until('the figures are there', async () => {
      const now = await overview()
      assert.deepEqual([lagOf(now, 'alerting'), lagOf(now, 'processor')], [0, SENSORS])
      assert.equal(now.counters.in, SENSORS)
      return true
    })
  })

  it('given a person who watches, when an alert fires, then it is there without loading the page again', async () => {
    const browser = await TestBrowser.launch()
    try {
      const visit = await browser.visit(served.address('/'))
      const { page } = visit
      await page.getByText('No alert has fired yet').waitFor()
      const { value, headers } = writeEvent(fired(firstAlert({ summary: '<b>Heat</b> at s-1' })))
      const message = { key: 'f-1', value, headers: Object.fromEntries(headers) }
      await environment.client.send(environment.topic('alerts'), [message])
      await page.getByText('<b>Heat</b> at s-1').waitFor()
      await page.getByRole('link', { name: 'HIGH_TEMP' }).click()
      await page.waitForURL('**/alerts?alert=a-1')
      await visit.close()
    } finally {
      await browser.close()
    }
  })
})

/** Commits as a consumer would that has taken everything up to here. */
async function commit(groupId: string, topic: string, ends: readonly number[]): Promise<void> {
  const admin = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const partitions = ends.map((end, partition) => ({ partition, offset: String(end) }))
  await admin.setOffsets({ groupId, topic, partitions })
  await admin.disconnect()
}
