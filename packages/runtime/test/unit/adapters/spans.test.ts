import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOffSampler, ParentBasedSampler, type ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { reject } from '../../../consumer/process.ts'
import { createTracing } from '../../../lambda/kafka-runtime.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import type { BatchTracer, Ports } from '../../../pipeline/ports.ts'
import { APPLICATION, READING_TYPES } from '../../support/application.ts'
import { captureLog } from '../../support/function-log.ts'
import { environmentReading as reading, logRecord as record, TOPIC } from '../../support/records.ts'
import { OBSERVER, SpanCollector, startTracing } from '../../support/spans.ts'
import { Stage } from '../../support/stage.ts'

const REGISTERED = Symbol.for('opentelemetry.js.api.1')

const trace = (digit: string) => digit.repeat(32)
const parent = (digit: string) => digit.repeat(16)
const traced = (digit: string, flags = '01') => ({
  extensions: { traceparent: `00-${trace(digit)}-${parent(digit)}-${flags}` },
})

/** Returns the trace of a record's span, its parent there, the state of the trace, the outcome, and the spans that it links. */
function describeRecord({ parentSpanContext: from, attributes, links }: ReadableSpan) {
  const outcome = `${attributes['sluice.outcome']}/${attributes['sluice.reason']}`
  return [
    ...[from?.traceId, from?.spanId, from?.traceState?.serialize() ?? '', outcome],
    links.map(({ context }) => context.spanId),
  ]
}

const toMs = ([seconds, nanos]: ReadableSpan['startTime']) => seconds * 1_000 + nanos / 1_000_000

describe('the spans of a batch', () => {
  let spans: SpanCollector

  beforeEach(() => {
    spans = new SpanCollector()
  })

  afterEach(() => spans.stop())

  /** Returns the spans of work on a stage, by name. */
  async function readSpans(
    work: (stage: Stage) => Promise<unknown>,
    { process, ports, application }: Given = {},
  ) {
    const tracing = await startTracing(application)
    await work(new Stage(process as never, { ...ports, tracer: tracing }))
    await tracing.flush(10_000)
    const named = (name: string) => spans.sent.filter(span => span.name === name)
    const [batch, records] = ['messaging.batch.message_count', 'messaging.kafka.offset'].map(attribute =>
      named(`process ${TOPIC}`).filter(({ attributes }) => attribute in attributes),
    ) as [ReadableSpan[], ReadableSpan[]]
    return { batch, records, named }
  }

  interface Given {
    readonly process?: unknown
    readonly ports?: Partial<Ports>
    readonly application?: typeof APPLICATION
  }

  it('given sampled records and others, then the batch has one span, with counts and a link to each sampled', async () => {
    const { batch } = await readSpans(stage =>
      stage.batch([
        record(0, reading('a', { ...traced('a'), sensor: 's-1' })),
        record(1, reading('none', { sensor: 's-2' })),
        record(2, reading('b', { extensions: { ...traced('b').extensions, tracestate: 'v=1' } })),
        record(3, reading('unsampled', { ...traced('d', '00'), sensor: 's-6' })),
        record(4, { value: Buffer.from('no event') }),
      ]),
    )
    assert.equal(batch.length, 1)
    const [{ kind, attributes, links, parentSpanContext, status } = assert.fail()] = batch
    assert.deepEqual([kind, parentSpanContext, status.code], [SpanKind.CONSUMER, undefined, 0])
    assert.deepEqual(attributes, {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': TOPIC,
      'messaging.consumer.group.name': 'sluice-counting-test',
      'messaging.destination.partition.id': '0',
      'messaging.batch.message_count': 5,
      'sluice.consumer': 'counting',
      'sluice.outcome.applied': 4,
      'sluice.outcome.failed': 1,
    })
    assert.deepEqual(
      links.map(({ context, attributes }) => [
        context.traceId,
        context.spanId,
        context.traceState?.serialize(),
        attributes?.['messaging.kafka.offset'],
      ]),
      [
        [trace('a'), parent('a'), undefined, 0],
        [trace('b'), parent('b'), 'v=1', 2],
      ],
    )
  })

  it('given an emission, then commit and publish are below the batch, and the event continues its record', async () => {
    const records = [record(0, reading('a', traced('a'))), record(1, reading('b', traced('b')))]
    const { batch, named } = await readSpans(async stage => {
      await stage.batch(records)
      assert.match(stage.events[0]?.extensions?.traceparent ?? '', new RegExp(`^00-${trace('b')}-.{16}-01$`))
    })
    for (const name of ['commit', 'publish']) {
      const [span, ...more] = named(name)
      assert.deepEqual(more, [])
      assert.equal(span?.parentSpanContext?.spanId, batch[0]?.spanContext().spanId)
    }
    assert.equal(named('publish')[0]?.attributes['messaging.batch.message_count'], 1)
  })

  it('given a span of the invocation, then the batch is below it', async () => {
    const { batch } = await readSpans(stage =>
      spans.provider.getTracer('test').startActiveSpan('invocation', async invocation => {
        await stage.batch([record(0, reading('a'))])
        invocation.end()
      }),
    )
    const [invocation] = spans.sent.filter(({ name }) => name === 'invocation')
    assert.equal(batch[0]?.parentSpanContext?.spanId, invocation?.spanContext().spanId)
  })

  // Promise docs/observability.md#spans | A batch of a partition has one span, and each sampled record one in its own trace, which goes from a reading to its notification.
  it('given sampled records of two traces and others, then each sampled one has a span below its sender', async () => {
    const withState = { extensions: { ...traced('b').extensions, tracestate: 'v=1' } }
    const commitMs: number[] = []
    const { batch, records } = await readSpans(stage => {
      const commit = stage.store.commit.bind(stage.store)
      stage.store.commit = async (...args) => {
        commitMs.push(Date.now())
        await pause(5)
        return commit(...args).finally(() => commitMs.push(Date.now()))
      }
      return stage.batch([
        record(0, reading('a', traced('a'))),
        record(1, reading('none')),
        record(2, reading('unsampled', traced('d', '00'))),
        record(3, reading('b', withState)),
        record(4, reading('b', withState)),
        record(5, reading('other', { ...traced('a'), type: 'test.other' })),
      ])
    })
    const links = (digit: string) => [parent(digit), batch[0]?.spanContext().spanId]
    assert.deepEqual(records.map(describeRecord), [
      [trace('a'), parent('a'), '', 'applied/counted', links('a')],
      [trace('b'), parent('b'), 'v=1', 'applied/counted', links('b')],
      [trace('b'), parent('b'), 'v=1', 'duplicate/id-known', links('b')],
      [trace('a'), parent('a'), '', 'ignored/not-mine', links('a')],
    ])
    for (const { kind, status, startTime, endTime } of records) {
      assert.deepEqual([kind, status.code], [SpanKind.CONSUMER, SpanStatusCode.UNSET])
      const [began = 0, ended = 0] = commitMs
      assert.ok(toMs(startTime) <= began && toMs(endTime) >= ended)
    }
  })

  it('given a batch delivered again after each fault, then its emissions are the same, and each record has one span', async t => {
    const batch = [record(0, reading('a', traced('a'))), record(1, reading('b', traced('b')))]
    const plain = new Stage()
    await plain.batch(batch)
    let published: unknown
    const { records } = await readSpans(async stage => {
      const away = t.mock.fn(() => Promise.reject(new Unavailable('store-unavailable', 'away')))
      const commit = t.mock.method(stage.store, 'commit', away)
      await stage.batch(batch)
      commit.mock.restore()
      await stage.batch(batch, { ports: { publisher: { publish: away } } })
      await stage.batch(batch)
      assert.equal(away.mock.callCount(), 2)
      published = stage.publisher.publishedRecords
    })
    assert.deepEqual(published, plain.publisher.publishedRecords)
    assert.deepEqual(
      records.map(({ attributes }) => attributes['messaging.kafka.offset']),
      [0, 1],
    )
  })

  it('given an invocation that is not sampled, then a sampled record has a span nevertheless, without the batch', async () => {
    await spans.stop()
    spans = new SpanCollector({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) })
    const { batch, records } = await readSpans(stage =>
      stage.batch([record(0, reading('a', traced('a'))), record(1, reading('b', traced('b', '00')))]),
    )
    assert.deepEqual(batch, [])
    assert.deepEqual(records.map(describeRecord), [
      [trace('a'), parent('a'), '', 'applied/counted', [parent('a')]],
    ])
  })

  it('given more sampled records than the bound, then the first 128 have links and spans, and a failed one too', async () => {
    const many = Array.from({ length: 130 }, (_, offset) =>
      record(offset, reading(`e-${offset}`, traced('a'))),
    )
    const broken = record(130, reading('broken', { ...traced('b'), data: {} }))
    const { batch, records } = await readSpans(stage => stage.batch([...many, broken]))
    assert.deepEqual([batch[0]?.links.length, batch[0]?.droppedLinksCount], [128, 0])
    const offsets = records.map(({ attributes }) => attributes['messaging.kafka.offset'])
    assert.deepEqual(offsets, [...Array(128).keys(), 130])
  })

  it('given failed records, then each has a span with its code and its event, the sampled one in its trace, and no message', async () => {
    const refusing = { name: 'counting', accepts: READING_TYPES, onEvent: () => reject('SECRET') }
    const all = [
      record(7, reading('a', { ...traced('a'), sensor: 's-1' })),
      record(8, reading('b', traced('b', '00'))),
    ]
    const { batch, records, named } = await readSpans(stage => stage.batch(all), { process: refusing })
    const [below, ...more] = named(`fail ${TOPIC}`)
    assert.deepEqual(more, [])
    assert.equal(below?.parentSpanContext?.spanId, batch[0]?.spanContext().spanId)
    const [failed] = records
    assert.deepEqual(
      [below?.kind, below?.status, failed?.parentSpanContext?.spanId, failed?.status, failed?.attributes],
      [
        SpanKind.INTERNAL,
        { code: SpanStatusCode.ERROR },
        parent('a'),
        { code: SpanStatusCode.ERROR },
        {
          'messaging.system': 'kafka',
          'messaging.operation.type': 'process',
          'messaging.operation.name': 'process',
          'messaging.destination.name': TOPIC,
          'messaging.consumer.group.name': 'sluice-counting-test',
          'messaging.destination.partition.id': '0',
          'messaging.kafka.offset': 7,
          'sluice.consumer': 'counting',
          'sluice.outcome': 'failed',
          'sluice.reason': 'rejected',
          'error.type': 'rejected',
          'cloudevents.event_id': 'a',
          'cloudevents.event_source': '/environment/test-site',
          'cloudevents.event_type': 'io.sluice.environment.reading.v1',
          'cloudevents.event_subject': 's-1',
        },
      ],
    )
    const texts = spans.sent.map(({ attributes, events, status }) => ({ attributes, events, status }))
    assert.doesNotMatch(JSON.stringify(texts), /SECRET/)
  })

  it('given a broker that is away, then publish and the batch have the reason, and the records wait', async () => {
    const publish = async () => {
      throw new Unavailable('broker-unavailable', 'SECRET')
    }
    const records = [record(0, reading('a')), record(1, reading('b'))]
    const { batch, named } = await readSpans(stage => stage.batch(records), {
      ports: { publisher: { publish } },
    })
    for (const span of [batch[0], named('publish')[0]])
      assert.deepEqual(
        [span?.status, span?.attributes['error.type']],
        [{ code: SpanStatusCode.ERROR }, 'broker-unavailable'],
      )
  })

  // Promise packages/runtime/README.md#names
  it('given an application with another name, then attributes of the engine begin with it', async () => {
    const { batch } = await readSpans(stage => stage.batch([record(0, reading('a'))]), {
      application: { ...APPLICATION, name: 'shop' },
    })
    const own = Object.keys(batch[0]?.attributes ?? {}).filter(name => !name.startsWith('messaging.'))
    assert.deepEqual(own, ['shop.consumer', 'shop.outcome.applied'])
  })

  it('given a sampler that takes nothing, then there are no spans, and the batch is processed', async () => {
    await spans.stop()
    spans = new SpanCollector({ sampler: new AlwaysOffSampler() })
    await readSpans(async stage => {
      await stage.batch([record(0, reading('a', traced('a')))])
      assert.deepEqual(stage.outcomes, ['applied/counted'])
    })
    assert.deepEqual(spans.sent, [])
  })
})

describe('the end of an invocation', () => {
  for (const [what, forceFlush] of [
    ['never answers', () => new Promise<void>(() => {})],
    ['fails', () => Promise.reject(new Error('no collector'))],
    [
      'throws',
      () => {
        throw new Error('no collector')
      },
    ],
    ['sends nothing', undefined],
  ] as const)
    it(`given a provider that ${what}, then the response does not wait for it`, async t => {
      const spans = new SpanCollector()
      t.after(() => spans.stop())
      Object.assign(spans.provider, { forceFlush })
      const tracing = await startTracing()
      const beganMs = performance.now()
      await tracing.flush(100)
      assert.ok(performance.now() - beganMs < 5_000)
    })
})

describe('when spans are reported', () => {
  const keepGlobals = (t: TestContext) => {
    const before = Reflect.get(globalThis, REGISTERED)
    const { OTEL_SERVICE_NAME } = process.env
    t.after(() => {
      Reflect.set(globalThis, REGISTERED, before)
      if (OTEL_SERVICE_NAME === undefined) delete process.env.OTEL_SERVICE_NAME
    })
  }
  const create = () => createTracing(APPLICATION, 'test', 'counting', OBSERVER)

  it('given neither a provider nor a variable of OpenTelemetry, then they are not', async () => {
    assert.equal(await create(), undefined)
  })

  it('given a variable alone, then they are as soon as there is a provider', async t => {
    keepGlobals(t)
    process.env.OTEL_SERVICE_NAME = 'x'
    const tracer: BatchTracer & { flush(ms: number): Promise<void> } = (await create()) ?? assert.fail()
    const spans = new SpanCollector()
    t.after(() => spans.stop())
    await new Stage(undefined, { tracer }).batch([record(0, reading('a'))])
    await tracer.flush(10_000)
    assert.ok(spans.sent.some(({ name }) => name === `process ${TOPIC}`))
  })

  it('given a provider of an older API, which refuses newer copies, then they are not, and a line says why', async t => {
    keepGlobals(t)
    Reflect.set(globalThis, REGISTERED, { version: '1.3.0', trace: {} })
    const log = await captureLog(async observer => {
      assert.equal(await createTracing(APPLICATION, 'test', 'counting', observer), undefined)
    })
    const [line] = log.filter(({ level }) => level === 'WARN')
    assert.equal(line?.kind, 'no-spans')
    assert.match(String(line?.message), /newer than that of the SDK: install one of the same minor version/)
  })
})
