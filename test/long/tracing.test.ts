import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { writeEvent } from '#runtime/cloudevents/writer.ts'
import type { Event } from '#runtime/consumer/event.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts'
import { environmentReading as reading } from '../support/records.ts'
import { until } from '../support/until.ts'

const CONSUMERS = ['activity', 'alerting', 'processor', 'storage', 'views']
const trace = (digit: string) => digit.repeat(32)
const parent = (digit: string) => digit.repeat(16)
const traced = (digit: string) => ({
  extensions: { traceparent: `00-${trace(digit)}-${parent(digit)}-01` },
})

/** A consumer that emits passes the trace on: an unreadable record becomes a failure record, and then a dead letter. */
const broken = (digit: string) =>
  reading(`broken-${digit}`, { ...traced(digit), data: { nothing: 'SECRET' } })

describe('traces through serverless offline, to a collector', () => {
  let environment: TestEnvironment
  let receiver: OtlpReceiver
  let offline: Offline

  before(async () => {
    receiver = await OtlpReceiver.start()
    environment = await TestEnvironment.create()
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%20key',
    }
    offline = await Offline.start(environment.name, variables, { only: [...CONSUMERS, 'dlq-router'] })
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await receiver?.stop()
  })

  /** Returns the spans of one trace, by service, name and outcome. */
  const listSpans = (digit: string) => receiver.spans.filter(({ traceId }) => traceId === trace(digit))
  const named = (spans: readonly ReceivedSpan[], service: string, name: string) =>
    spans.find(
      span => span.resource['service.name'] === service && span.name === `${name}.${environment.name}`,
    )

  async function sent(...events: Event[]): Promise<void> {
    const messages = events.map(event => {
      const { value, headers } = writeEvent(event)
      return { key: 'one', value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), messages)
  }

  it('given readings of three traces and one of none, then each consumer has a span in each trace', async () => {
    const events = ['a', 'b', 'c'].map(digit => reading(digit, traced(digit)))
    await sent(...events, reading('of no trace'))
    const services = CONSUMERS.map(name => `sluice-${name}`)
    await until(
      'each consumer has reported each trace',
      () => ['a', 'b', 'c'].every(digit => listConsumers(listSpans(digit)).join() === services.join()),
      { describe: () => receiver.spans },
    )
    for (const digit of ['a', 'b', 'c'])
      for (const span of processing(listSpans(digit))) {
        assert.equal(span.parentSpanId, parent(digit))
        assert.equal(span.attributes['cloudevents.event_id'], digit)
        assert.equal(span.attributes['messaging.destination.name'], environment.topic('readings'))
        const consumer = String(span.resource['service.name'])
        assert.equal(span.attributes['messaging.consumer.group.name'], `${consumer}-${environment.name}`)
        assert.ok(span.fromMs <= span.toMs && Date.now() - span.toMs < 3_600_000)
      }
    assert.ok(receiver.spans.every(({ traceId }) => /^(a+|b+|c+)$/.test(traceId)))
    assert.ok(receiver.requests.every(({ headers }) => headers['x-api-key'] === 'a key'))
  })

  it('given an unreadable record, then its trace leads from producer over consumer to dead letter', async () => {
    await sent(broken('d'))
    const chain = () => {
      const spans = listSpans('d')
      const failed = named(spans, 'sluice-processor', 'process sluice.telemetry.readings')
      const failureSpan = named(spans, 'sluice-processor', 'create sluice.telemetry.failures')
      const routed = spans.find(({ parentSpanId }) => failureSpan && parentSpanId === failureSpan.spanId)
      const dead = spans.find(({ parentSpanId }) => routed && parentSpanId === routed.spanId)
      return [failed, failureSpan, routed, dead]
    }
    await until('the router has reported the failure record', () => chain().every(Boolean), {
      describe: () => listSpans('d'),
    })
    const [failed, failureSpan, routed, dead] = chain()
    assert.deepEqual(
      [failed?.status, failed?.attributes['error.type'], failed?.parentSpanId],
      ['error', 'schema-violated', parent('d')],
    )
    assert.deepEqual([failureSpan?.parentSpanId, failureSpan?.kind], [failed?.spanId, 'producer'])
    assert.deepEqual([routed?.resource['service.name'], routed?.status], ['sluice-dlq-router', 'unset'])
    assert.equal(dead?.name, `create sluice.telemetry.dlq.${environment.name}`)
    const deadLetters = await environment.read('dlq')
    assert.ok(
      deadLetters.some(
        ({ headers }) => String(headers?.ce_traceparent) === `00-${trace('d')}-${dead?.spanId}-01`,
      ),
    )
    assert.ok(receiver.requests.every(({ body }) => !body.includes('SECRET')))
    assert.deepEqual(receiver.faults, [])
  })
})

function processing(spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  return spans.filter(({ kind }) => kind === 'consumer')
}

function listConsumers(spans: readonly ReceivedSpan[]): string[] {
  return processing(spans)
    .map(({ resource }) => String(resource['service.name']))
    .sort()
}
