/** Events of the package `cloudevents`, from the producer over a topic to a handler and back. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { brokers } from '@sluice/test-kit/servers'
import { CloudEvent } from 'cloudevents'
import { isFailure } from '../../../cloudevents/event.ts'
import { readEvent } from '../../../cloudevents/reader.ts'
import type { Event } from '../../../consumer/event.ts'
import { TelemetryProducer } from '../../../producer/index.ts'
import { toCloudEvent } from '../../../sdk/index.ts'

const TRACED = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
const ATTRIBUTES = { type: 'com.example.x', source: '/x', ...TRACED }
const TIME = '2026-01-01T01:00:00.123456789+01:00'
const GIVEN = [
  new CloudEvent({ ...ATTRIBUTES, subject: 's', time: TIME, data: { celsius: 21.5 }, sequence: 7 }),
  new CloudEvent({ ...ATTRIBUTES, data: Buffer.from([0, 255]), datacontenttype: 'application/octet-stream' }),
  new CloudEvent({ ...ATTRIBUTES, data: 'grüezi', datacontenttype: 'text/plain; charset=UTF-8' }),
  new CloudEvent({ ...ATTRIBUTES, dataschema: 'https://example.com/x.json', partitionkey: 'k' }),
]

describe('CloudEvents of the package', () => {
  let foreign: ForeignClient

  before(async () => {
    foreign = await ForeignClient.connect()
  })

  after(async () => {
    await foreign?.close()
  })

  async function readEvents(topic: string): Promise<Event[]> {
    const records = await foreign.read(topic)
    return records.map(({ value, headers = {} }) => {
      const pairs = Object.entries(headers).map(([name, text]) => [name, Buffer.from(String(text))] as const)
      const event = readEvent({ value, headers: pairs })
      assert.ok(!isFailure(event), JSON.stringify(event))
      return event
    })
  }

  // Promise docs/producer.md#publishing-events-from-your-own-code | CloudEvents are published as they are, each event has a report, memory is bounded, and bytes and latencies are measured.
  for (const mode of ['binary', 'structured'] as const)
    it(`in ${mode} mode: given some, then the topic has the same, also after a handler publishes them`, async () => {
      const topic = `cloud-events-${randomUUID()}`
      await foreign.createTopic({ topic, numPartitions: 1 })
      const producer = new TelemetryProducer({ kafka: { brokers: brokers(), auth: 'none' }, topic, mode })
      try {
        for (const event of GIVEN) await producer.publish(event)
        const events = await readEvents(topic)
        assert.deepEqual(
          events.map(({ id, time, data }) => ({ id, time, data })),
          GIVEN.map(({ id, time, data }) => ({
            ...{ id, time },
            data: typeof data === 'string' ? Buffer.from(data) : data,
          })),
        )
        assert.deepEqual(events[0]?.extensions, { ...TRACED, sequence: '7' })
        for (const event of events) await producer.publish(toCloudEvent({ ...event, timeMs: 0 }))
        assert.deepEqual(await readEvents(topic), [...events, ...events])
      } finally {
        await producer.close()
      }
    })
})
