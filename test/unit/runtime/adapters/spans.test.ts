import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { OtlpExporter } from '#runtime/adapters/otlp/exporter.ts'
import type { Span } from '#runtime/adapters/otlp/spans.ts'
import { type Traced, Tracing } from '#runtime/adapters/otlp/tracing.ts'
import type { Sampler } from '#runtime/cloudevents/trace.ts'
import { type CompletedStep, completeStep, reject } from '#runtime/consumer/process.ts'
import type { Signal } from '../../../../lib/app/topic-table.ts'
import { tick } from '../../../../lib/telemetry/tick.ts'
import { FAMILIES, NAMES } from '../../../support/families.ts'
import { captureLog, listMetrics } from '../../../support/function-log.ts'
import { OtlpReceiver, type ReceivedSpan } from '../../../support/otlp-receiver.ts'
import { environmentReading as reading, logRecord as record, TOPIC } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const WHO = {
  env: 'test',
  application: 'sluice',
  getGroup: () => 'sluice-tested-test',
  kafkaTopic: (topic: Signal) => NAMES.topicName(topic, 'test'),
  serviceName: 'sluice-tested',
}
const NOW = Date.parse('2026-03-01T14:00:00Z')

const trace = (digit: string) => digit.repeat(32)
const parent = (digit: string) => digit.repeat(16)
const traced = (digit: string, flags = '01') => ({
  extensions: { traceparent: `00-${trace(digit)}-${parent(digit)}-${flags}` },
})

let receiver: OtlpReceiver

before(async () => {
  receiver = await OtlpReceiver.start()
})

beforeEach(() => {
  for (const kept of [receiver.spans, receiver.requests, receiver.answers, receiver.faults]) kept.length = 0
})

after(() => receiver.stop())

/** The spans of what happens on the stage, as the collector has them. */
async function readSpans(
  work: (stage: Stage) => Promise<unknown>,
  process?: unknown,
  given: Partial<Traced> = {},
  now = () => NOW,
): Promise<ReceivedSpan[]> {
  const dropped: unknown[] = []
  const who = { ...WHO, ...given }
  const tracing = new Tracing({ endpoint: receiver.endpoint, headers: {} }, who, (...what) => {
    dropped.push(what)
  })
  await captureLog(
    async observer => {
      observer.traceTo(tracing)
      await work(new Stage(process as never, { report: observer.report }))
      await tracing.export(10_000)
    },
    { now },
  )
  assert.deepEqual([dropped, receiver.faults], [[], []])
  return receiver.spans.splice(0)
}

describe('the spans of a batch', () => {
  it('given three traces and records without, then each traced record has a span in its own trace', async () => {
    const spans = await readSpans(stage =>
      stage.batch([
        record(0, reading('a', { ...traced('a'), sensor: 's-1' })),
        record(1, reading('none', { sensor: 's-2' })),
        record(2, reading('b', { ...traced('b'), sensor: 's-3' })),
        record(3, tick(0, '2026-03-01T12:00:00Z')),
        record(4, reading('broken', { extensions: { traceparent: '00-1-2-01' }, sensor: 's-4' })),
        record(5, reading('c', { ...traced('c'), sensor: 's-5' })),
        record(6, reading('unsampled', { ...traced('d', '00'), sensor: 's-6' })),
        record(7, { value: Buffer.from('no event') }),
      ]),
    )
    assert.deepEqual(
      spans.map(({ traceId, parentSpanId, name, kind, status, flags }) => ({
        traceId,
        parentSpanId,
        name,
        kind,
        status,
        flags,
      })),
      ['a', 'b', 'c'].map(digit => ({
        traceId: trace(digit),
        parentSpanId: parent(digit),
        name: `process ${TOPIC}`,
        kind: 'consumer',
        status: 'unset',
        flags: 0x301,
      })),
    )
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 3)
    assert.deepEqual(spans[1]?.attributes, {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': TOPIC,
      'messaging.consumer.group.name': 'sluice-tested-test',
      'messaging.destination.partition.id': '0',
      'messaging.kafka.offset': 2,
      'sluice.consumer': 'counting',
      'sluice.outcome': 'applied',
      'sluice.reason': 'counted',
      'cloudevents.event_id': 'b',
      'cloudevents.event_source': '/environment/test-site',
      'cloudevents.event_type': 'io.sluice.environment.reading.v1',
      'cloudevents.event_subject': 's-3',
    })
    assert.deepEqual(spans[1]?.resource, {
      'service.name': 'sluice-tested',
      'service.namespace': 'sluice',
      'deployment.environment.name': 'test',
    })
    assert.deepEqual([spans[1]?.fromMs, spans[1]?.toMs], [NOW, NOW])
  })

  it('given a sampler of all records, then each but a tick has a span; of some, those without a parent', async () => {
    const batch = (stage: Stage) =>
      stage.batch([
        record(0, reading('none', { sensor: 's-1' })),
        record(1, reading('unsampled', { ...traced('d', '00'), sensor: 's-2' })),
        record(2, tick(0, '2026-03-01T12:00:00Z')),
        record(3, { value: Buffer.from('no event') }),
      ])
    const offsets = async (sampler?: Sampler) =>
      (await readSpans(batch, undefined, sampler && { sampler }))
        .filter(({ kind }) => kind === 'consumer')
        .map(({ attributes }) => attributes['messaging.kafka.offset'])
    assert.deepEqual(await offsets('always_on'), [0, 1, 3])
    assert.deepEqual(await offsets('parentbased_always_on'), [0, 3])
    assert.deepEqual(await offsets(), [])
  })

  it('given two records a second at most, then the first two of each second have spans, and each failure', async () => {
    let nowMs = NOW
    const readings = (...offsets: number[]) =>
      offsets.map(offset => record(offset, reading(`e-${offset}`, { sensor: `s-${offset}` })))
    const work = async (stage: Stage) => {
      await stage.batch(readings(0, 1, 2))
      nowMs += 999
      await stage.batch([...readings(3), record(4, { value: Buffer.from('no event') })])
      nowMs += 1
      await stage.batch(readings(5, 6, 7))
    }
    const spans = await readSpans(work, undefined, { sampler: 'always_on', mostPerSecond: 2 }, () => nowMs)
    assert.deepEqual(
      spans.flatMap(({ kind, attributes }) =>
        kind === 'consumer' ? attributes['messaging.kafka.offset'] : [],
      ),
      [0, 1, 4, 5, 6],
    )
  })

  it('given an application with another name, then attributes of the engine and the namespace have it', async () => {
    const timed = {
      name: 'timed',
      accepts: FAMILIES.readingTypes,
      onEvent: (_: unknown, { timeMs }: { timeMs: number }): CompletedStep<unknown> =>
        completeStep('set', {}, [], [{ name: 'late', dueMs: timeMs + 1_000 }]),
      onTimer: (): CompletedStep<unknown> => completeStep('was-late', {}),
    }
    const records = [
      record(0, reading('a', traced('a'))),
      record(1, reading('b', { ...traced('b'), at: 60 })),
    ]
    const spans = await readSpans(stage => stage.batch(records), timed, { application: 'shop' })
    const own = spans.flatMap(({ attributes }) =>
      Object.keys(attributes).filter(name => !/^[mc]\w+\./.test(name)),
    )
    const everywhere = ['shop.consumer', 'shop.outcome', 'shop.reason']
    assert.deepEqual(new Set(own), new Set([...everywhere, 'shop.timer', 'shop.entity']))
    assert.deepEqual(new Set(spans.map(({ resource }) => resource['service.namespace'])), new Set(['shop']))
  })

  it('given an emission, then its span has the id that travels in it, below the span of its cause', async () => {
    let emitted: string | undefined
    const state = { tracestate: 'vendor=1' }
    const spans = await readSpans(async stage => {
      const b = traced('b')
      await stage.batch([
        record(0, reading('a', traced('a'))),
        record(1, reading('b', { extensions: { ...b.extensions, ...state } })),
      ])
      emitted = stage.events[0]?.extensions?.traceparent
    })
    const [, cause, create] = spans
    assert.equal(spans.length, 3)
    assert.equal(emitted, `00-${trace('b')}-${create?.spanId}-01`)
    assert.deepEqual(
      { ...create, attributes: create?.attributes['messaging.destination.name'], resource: undefined },
      {
        traceId: trace('b'),
        spanId: create?.spanId,
        parentSpanId: cause?.spanId,
        traceState: 'vendor=1',
        flags: 0x101,
        name: 'create sluice.telemetry.events.test',
        kind: 'producer',
        fromMs: NOW,
        toMs: NOW,
        attributes: 'sluice.telemetry.events.test',
        status: 'unset',
        resource: undefined,
      },
    )
  })

  it('given a failure, then its span has the code and not the message, and its record keeps the trace', async () => {
    const refusing = { name: 'refusing', accepts: FAMILIES.readingTypes, onEvent: () => reject('SECRET') }
    const [span, failureRecord] = await readSpans(
      stage => stage.batch([record(0, reading('a', traced('a')))]),
      refusing,
    )
    assert.deepEqual(
      [span?.status, span?.attributes['error.type'], span?.attributes['sluice.outcome']],
      ['error', 'rejected', 'failed'],
    )
    assert.deepEqual(
      [failureRecord?.name, failureRecord?.parentSpanId],
      ['create sluice.telemetry.failures.test', span?.spanId],
    )
    assert.doesNotMatch(receiver.requests.map(({ body }) => body).join(), /SECRET/)
  })

  it('given a timer, then its span continues the trace of the event that set it', async () => {
    const emit = { name: 'late', to: 'events', key: 'k', type: 'test.late', source: '/x', data: {} } as const
    const patient = {
      name: 'patient',
      accepts: FAMILIES.readingTypes,
      onEvent: (_: unknown, { id, timeMs }: { id: string; timeMs: number }): CompletedStep<unknown> =>
        completeStep('set', {}, [], id === 'a' ? [{ name: 'late', dueMs: timeMs + 1_000 }] : []),
      onTimer: (): CompletedStep<unknown> => completeStep('was-late', {}, [emit]),
    }
    const spans = await readSpans(
      stage =>
        stage.batch([
          record(0, reading('a', traced('a'))),
          record(1, reading('b', { ...traced('b'), at: 60 })),
        ]),
      patient,
    )
    assert.deepEqual(
      spans.map(({ name, traceId, kind }) => [name, traceId[0], kind]),
      [
        [`process ${TOPIC}`, 'a', 'consumer'],
        ['timer patient', 'a', 'internal'],
        ['create sluice.telemetry.events.test', 'a', 'producer'],
        [`process ${TOPIC}`, 'b', 'consumer'],
      ],
    )
    assert.deepEqual([spans[1]?.parentSpanId, spans[2]?.parentSpanId], [parent('a'), spans[1]?.spanId])
  })
})

describe('the export', () => {
  const span: Span = {
    traceId: trace('a'),
    spanId: parent('b'),
    parentSpanId: parent('c'),
    hasRemoteParent: true,
    name: 'process t',
    kind: 'consumer',
    fromMs: NOW,
    toMs: NOW + 5,
    attributes: { offset: 2 ** 53 - 1 },
    isError: false,
  }

  function exporter({ endpoint = receiver.endpoint, headers = {}, now = () => NOW } = {}) {
    const dropped: [count: number, reason: string][] = []
    const made = new OtlpExporter(
      { endpoint, headers },
      { 'service.name': 'x' },
      (count, reason) => {
        dropped.push([count, reason])
      },
      now,
    )
    return { made, dropped }
  }

  it('given headers in a secret, then each export asks for them, and one without them sends nothing', async () => {
    const answers = ['one', 'two', undefined]
    const secretHeaders = async () => {
      const authorization = answers.shift()
      if (authorization === undefined) throw new Error('the secret SECRET cannot be read')
      return { authorization }
    }
    const dropped: unknown[] = []
    const { endpoint } = receiver
    const settings = { endpoint, headers: { 'x-tenant': 't' }, secretHeaders }
    const made = new OtlpExporter(
      settings,
      {},
      (...what) => dropped.push(what),
      () => NOW,
    )
    for (let invocation = 0; invocation < 3; invocation += 1) {
      made.add([span])
      await made.export(10_000)
    }
    assert.deepEqual(
      receiver.requests.map(({ headers }) => [headers.authorization, headers['x-tenant']]),
      [
        ['one', 't'],
        ['two', 't'],
      ],
    )
    assert.deepEqual(dropped, [[1, 'no-credentials', {}]])
  })

  it("given more than a request takes, then there are several; beyond the invocation's limit, a drop", async () => {
    const { made, dropped } = exporter()
    made.add(Array.from({ length: 5_300 }, () => span))
    await made.export(30_000)
    assert.deepEqual([receiver.requests.length, receiver.spans.length], [10, 5_000])
    assert.deepEqual(dropped, [[300, 'too-many']])
  })

  it('given a connection that broke, then it is tried once more', async () => {
    receiver.answers.push('breaks')
    const { made, dropped } = exporter()
    made.add([span])
    await made.export(10_000)
    assert.deepEqual([receiver.requests.length, receiver.spans.length, dropped], [2, 1, []])
    assert.equal(receiver.spans[0]?.attributes.offset, 2 ** 53 - 1)
  })

  it('given a collector that never answers, then it is given up in time', async () => {
    receiver.answers.push('never')
    const { made, dropped } = exporter()
    made.add([span])
    const began = performance.now()
    await made.export(200)
    assert.ok(performance.now() - began < 5_000)
    assert.deepEqual(dropped, [[1, 'no-answer']])
  })

  it('given a collector that refuses, then nothing is tried for a while, and then again', async () => {
    receiver.answers.push({ status: 503 })
    let now = NOW
    const { made, dropped } = exporter({ now: () => now })
    const send = (): Promise<void> => {
      made.add([span])
      return made.export(10_000)
    }
    await send()
    await send()
    now += 30_000
    await send()
    assert.deepEqual(dropped, [
      [1, 'refused'],
      [1, 'paused'],
    ])
    assert.deepEqual([receiver.requests.length, receiver.spans.length], [2, 1])
  })

  it('given a redirect, then the credentials are not taken there', async () => {
    const elsewhere = await OtlpReceiver.start()
    const redirect = { status: 307, location: `${elsewhere.endpoint}/v1/traces` }
    receiver.answers.push(redirect, redirect)
    const { made, dropped } = exporter({ headers: { 'x-api-key': 'k' } })
    made.add([span])
    await made.export(10_000)
    await elsewhere.stop()
    assert.deepEqual([elsewhere.requests.length, dropped], [0, [[1, 'unreachable']]])
  })

  it('given no collector at the endpoint, then they are counted, with one line a minute and no headers', async () => {
    const gone = await OtlpReceiver.start()
    const { endpoint } = gone
    await gone.stop()
    const headers = { authorization: 'SECRET' }
    const log = await captureLog(async observer => {
      const told = observer.reportDroppedSpans.bind(observer)
      const made = new OtlpExporter({ endpoint, headers }, {}, told, () => NOW)
      for (let invocation = 0; invocation < 3; invocation += 1) {
        made.add([span])
        await made.export(10_000)
      }
    })
    const metrics = listMetrics(log)
    assert.deepEqual(
      [metrics.get('spans-dropped unreachable')?.values, metrics.get('spans-dropped paused')?.values],
      [[1], [2]],
    )
    const lines = log.filter(({ level }) => level === 'WARN')
    assert.deepEqual(
      lines.map(({ reason }) => reason),
      ['unreachable'],
    )
    assert.equal(lines[0]?.code, 'ECONNREFUSED')
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
  })
})
