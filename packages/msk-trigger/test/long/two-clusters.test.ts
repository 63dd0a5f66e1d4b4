import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type OwnKafka, startKafka } from '@sluice/test-kit/start-apart'
import { until } from '@sluice/test-kit/until'
import { readMappings } from '../../config/mappings.ts'
import { readSettings } from '../../config/settings.ts'
import type { LambdaEvent } from '../../invoke/event.ts'
import { Trigger } from '../../trigger.ts'
import { BROKERS, TestKafka } from '../integration/kafka.ts'

const ORDERS = 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/id-1'
const STOCK = 'arn:aws:kafka:eu-west-1:123456789012:cluster/stock/id-2'

/** The values that a function received, by the cluster that the event names. */
const received = new Map<string, string[]>()

function note(functionKey: string, event: LambdaEvent): void {
  const values = Object.values(event.records)
    .flat()
    .map(({ value }) => Buffer.from(value ?? '', 'base64').toString())
  const from = event.eventSourceArn ?? event.bootstrapServers
  const key = `${functionKey}: ${event.eventSource} ${from}`
  received.set(key, [...(received.get(key) ?? []), ...values])
}

describe('two clusters with a topic of the same name', () => {
  let other: OwnKafka
  let kafkas: TestKafka[]
  let trigger: Trigger
  let topic: string

  before(async () => {
    other = await startKafka()
    kafkas = [await TestKafka.connect(), await TestKafka.connect(other.addresses)]
    const [first, second] = kafkas as [TestKafka, TestKafka]
    topic = await first.topic('same', 1)
    await second.createTopic(topic, 1)
    const settings = readSettings({ brokers: BROKERS, clusters: { stock: { brokers: other.addresses } } }, {})
    const event = { topic, maximumBatchingWindow: 0 }
    const functions = {
      both: { events: [{ msk: { ...event, arn: ORDERS } }, { msk: { ...event, arn: STOCK } }] },
    }
    const mappings = readMappings(functions, { service: topic, stage: 'it', region: 'eu-west-1' }, settings)
    trigger = new Trigger({
      mappings,
      settings,
      log: { notice: () => {}, warning: () => {}, error: () => {} },
      invoker: {
        invoke: async ({ functionKey }, content) => note(functionKey, JSON.parse(content.json())),
        close: async () => {},
      },
      handlesSignals: false,
    })
    trigger.start()
    await Promise.all(trigger.sources.map(({ started }) => started))
  })
  after(async () => {
    await trigger?.stop()
    for (const kafka of kafkas ?? []) await kafka.close()
    await other?.stop()
  })

  // Promise packages/msk-trigger/README.md#a-second-cluster | Topics of the same name are read apart from the brokers of their own clusters, which the events name.
  it('are read apart: each event has the records of its own cluster, and names it', async () => {
    for (const [n, kafka] of kafkas.entries()) await kafka.send(topic, [{ value: `of cluster ${n}` }])
    await until('all events are delivered', () => received.size === 2)
    assert.deepEqual(Object.fromEntries(received), {
      [`both: aws:kafka ${ORDERS}`]: ['of cluster 0'],
      [`both: aws:kafka ${STOCK}`]: ['of cluster 1'],
    })
  })

  it('have their own offsets in groups of the same name', async () => {
    const [first, second] = kafkas as [TestKafka, TestKafka]
    await first.send(topic, [{ value: 'one more' }])
    const group = `${topic}-it-both-${topic}`
    await first.untilCommitted(group, topic, [2])
    await second.untilCommitted(group, topic, [1])
  })
})
