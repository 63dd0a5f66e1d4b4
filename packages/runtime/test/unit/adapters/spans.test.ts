import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node'
import { LambdaObserver } from '../../../adapters/lambda/observer.ts'
import { createTelemetry } from '../../../adapters/lambda/telemetry.ts'
import { reject } from '../../../consumer/process.ts'
import { createTracing } from '../../../lambda/kafka-runtime.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import type { BatchTracer, Ports } from '../../../pipeline/ports.ts'
import { APPLICATION, READING_TYPES } from '../../support/application.ts'
import { captureLog } from '../../support/function-log.ts'
import { environmentReading as reading, logRecord as record, TOPIC } from '../../support/records.ts'
import { SpanCollector } from '../../support/spans.ts'
import { Stage } from '../../support/stage.ts'

const REGISTERED = Symbol.for('opentelemetry.js.api.1')

const trace = (digit: string) => digit.repeat(32)
const parent = (digit: string) => digit.repeat(16)
const traced = (digit: string, flags = '01') => ({
  extensions: { traceparent: `00-${trace(digit)}-${parent(digit)}-${flags}` },
})

const { logger, metrics } = createTelemetry('tested', 'sluice')
const OBSERVER = new LambdaObserver(logger, metrics)

async function startTracing(application = APPLICATION) {
  const tracing = await createTracing(application, 'test', 'counting', OBSERVER)
  assert.ok(tracing)
  return tracing
}

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
    return { batch: named(`process ${TOPIC}`), named }
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

  it('given an emission, then commit and publish are below the batch, and the event is as without spans', async () => {
    const records = [record(0, reading('a', traced('a'))), record(1, reading('b', traced('b')))]
    const plain = new Stage()
    await plain.batch(records)
    let emitted: unknown
    const { batch, named } = await readSpans(async stage => {
      await stage.batch(records)
      emitted = stage.events
    })
    assert.deepEqual(emitted, plain.events)
    assert.match(plain.events[0]?.extensions?.traceparent ?? '', new RegExp(`^00-${trace('b')}-.{16}-01$`))
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

  it('given more sampled records than links are allowed, then the first 128 are linked', async () => {
    const records = Array.from({ length: 130 }, (_, offset) =>
      record(offset, reading(`e-${offset}`, traced('a'))),
    )
    const { batch } = await readSpans(stage => stage.batch(records))
    assert.deepEqual([batch[0]?.links.length, batch[0]?.droppedLinksCount], [128, 0])
  })

  it('given a failed record, then it has a span with its code, its event and its context, and no message', async () => {
    const refusing = { name: 'counting', accepts: READING_TYPES, onEvent: () => reject('SECRET') }
    const records = [record(7, reading('a', { ...traced('a'), sensor: 's-1' }))]
    const { batch, named } = await readSpans(stage => stage.batch(records), { process: refusing })
    const [failed, ...more] = named(`fail ${TOPIC}`)
    assert.ok(failed && more.length === 0)
    const { attributes, links, status, parentSpanContext } = failed
    assert.equal(parentSpanContext?.spanId, batch[0]?.spanContext().spanId)
    assert.deepEqual(
      [status, links[0]?.context.traceId, attributes],
      [
        { code: SpanStatusCode.ERROR },
        trace('a'),
        {
          'messaging.system': 'kafka',
          'messaging.operation.type': 'process',
          'messaging.operation.name': 'process',
          'messaging.destination.name': TOPIC,
          'messaging.kafka.offset': 7,
          'sluice.outcome': 'failed',
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
