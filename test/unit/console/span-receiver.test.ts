import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { receiveSpans, type SpanReceiver } from '../../../console/spans/receiver.ts'
import { readConfig } from '../../../lib/app/config.ts'
import { OtlpExporter } from '../../../packages/runtime/adapters/otlp/exporter.ts'
import { spanId, traceId } from '../../support/journey.ts'

describe('the receiver of spans', () => {
  let receiver: SpanReceiver

  before(async () => {
    receiver = await receiveSpans()
  })

  after(() => receiver.close())

  const authorization = () =>
    receiver.variables.OTEL_EXPORTER_OTLP_HEADERS?.replace(/^.*?=/, '').replace('%20', ' ')

  function post(body: string, headers: Record<string, string | undefined> = {}, path = '/v1/traces') {
    const sent = { 'content-type': 'application/json', authorization: authorization(), ...headers }
    const given = Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== undefined)
    return fetch(`${receiver.variables.OTEL_EXPORTER_OTLP_ENDPOINT}${path}`, {
      method: 'POST',
      body,
      headers: Object.fromEntries(given),
    })
  }

  it('given its variables, then the exporter of the functions finds it, and what it sends is kept', async () => {
    const { otlp } = readConfig({ KAFKA_BROKERS: 'a:1', REDIS_URL: 'redis://a', ...receiver.variables })
    assert.ok(otlp)
    assert.deepEqual([otlp.sampler, otlp.mostPerSecond], ['always_on', 50])
    const dropped: unknown[] = []
    const exporter = new OtlpExporter(otlp, {}, (...what) => dropped.push(what))
    exporter.add([
      {
        traceId: traceId(1),
        spanId: spanId(1),
        parentSpanId: spanId(2),
        hasRemoteParent: true,
        name: 'process readings',
        kind: 'consumer',
        fromMs: 1_000,
        toMs: 1_001,
        attributes: {
          'sluice.consumer': 'alerting',
          'cloudevents.event_id': 'a',
          'cloudevents.event_source': '/s',
          'cloudevents.event_type': 't',
        },
        isError: false,
      },
    ])
    await exporter.export(10_000)
    assert.deepEqual(dropped, [])
    assert.equal(receiver.store.ofEvent('a').length, 1)
  })

  it('given a foreign or invalid request, then it is refused, and nothing is kept', async () => {
    const before = receiver.store.counts.received
    const refused = [
      [await post('{"resourceSpans":[]}', { authorization: undefined }), 401],
      [await post('{"resourceSpans":[]}', { authorization: 'Bearer wrong' }), 401],
      [await post('x', { 'content-type': 'application/x-protobuf' }), 415],
      [await post('{"resourceSpans":[]}', {}, '/v1/logs'), 404],
      [await post('{'), 400],
      [await post('{"resource":[]}'), 400],
      [await post(' '.repeat(9 * 1024 * 1024)), 413],
    ] as const
    assert.deepEqual(
      refused.map(([{ status }]) => status),
      refused.map(([, status]) => status),
    )
    assert.equal(receiver.store.counts.received, before)
  })

  it('given invalid spans beside others, then it reports the number of rejected ones', async () => {
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'no' }] }] }] }
    const response = await post(JSON.stringify(request))
    assert.deepEqual(
      [response.status, await response.json()],
      [200, { partialSuccess: { rejectedSpans: '1' } }],
    )
  })
})
