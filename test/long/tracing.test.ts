import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { until } from '@sluice/test-kit/until'
import { writeEvent } from '#runtime/cloudevents'
import { environmentReading as reading } from '#runtime/test/support/records'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

const CONSUMERS = ['activity', 'alerting', 'processor', 'storage', 'views']
const trace = (digit: string) => digit.repeat(32)
const traced = (digit: string) => ({
  extensions: { traceparent: `00-${trace(digit)}-${digit.repeat(16)}-01` },
})

describe('spans through serverless offline, to a collector', () => {
  let environment: TestEnvironment
  let receiver: OtlpReceiver
  let offline: Offline

  before(async () => {
    receiver = await OtlpReceiver.start()
    environment = await TestEnvironment.create()
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      NODE_OPTIONS: `--import ${join(PROJECT, 'test/support/preloaded-sdk.mjs')}`,
    }
    offline = await Offline.start(environment.name, variables, { only: [...CONSUMERS, 'dlq-router'] })
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await receiver?.stop()
  })

  it('given readings of two traces, one unreadable, then each trace has all consumers, up to the dead letter', async () => {
    const events = [
      reading('a', traced('a')),
      reading('broken', { ...traced('b'), data: { nothing: 'SECRET' } }),
    ]
    const messages = events.map(event => {
      const { value, headers } = writeEvent(event)
      return { key: 'one', value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), messages)
    const listSpans = (signal: 'readings' | 'failures', digit: string) =>
      receiver.spans.filter(
        ({ name, traceId }) => name === `process ${environment.topic(signal)}` && traceId === trace(digit),
      )
    /** Returns the consumers that have reported a record of the trace. */
    const listConsumers = (...of: Parameters<typeof listSpans>) =>
      [...new Set(listSpans(...of).map(({ attributes }) => String(attributes['sluice.consumer'])))].sort()
    await until(
      'each consumer has reported each trace',
      () =>
        ['a', 'b'].every(digit => listConsumers('readings', digit).join() === CONSUMERS.join()) &&
        listConsumers('failures', 'b').includes('dlq-router'),
      { describe: () => receiver.spans },
    )
    for (const { attributes, parentSpanId, linkedTraces } of listSpans('readings', 'b')) {
      assert.deepEqual([attributes['error.type'], parentSpanId], ['schema-violated', 'b'.repeat(16)])
      const ofBatch = receiver.spans.filter(({ traceId }) => traceId === linkedTraces[1])
      assert.ok(ofBatch.some(batch => batch.linkedTraces.includes(trace('b'))))
    }
    for (const name of ['commit', 'publish']) {
      const [one] = receiver.spans.filter(span => span.name === name)
      assert.ok(receiver.spans.some(({ spanId }) => spanId === one?.parentSpanId))
    }
    const [deadLetter] = await environment.read('dlq')
    assert.match(String(deadLetter?.headers?.ce_traceparent), new RegExp(`^00-${trace('b')}-`))
    assert.doesNotMatch(JSON.stringify(receiver.spans), /SECRET/)
  })
})
