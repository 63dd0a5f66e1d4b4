/**
 * Reports spans of batches to the OpenTelemetry API. The program that registered a provider determines ids, sampling and export. Error
 * messages and event data are never reported.
 */
import type * as OpenTelemetry from '@opentelemetry/api'
import type { Attributes, Context, Link, Span, SpanOptions, Tracer } from '@opentelemetry/api'
import { extractSpanContext } from '../../cloudevents/trace.ts'
import type { Application } from '../../consumer/application.ts'
import type { Event } from '../../consumer/event.ts'
import { type Decision, toDeferred } from '../../pipeline/model/decision.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Report } from '../../pipeline/model/report.ts'
import type { BatchTracer, Ports } from '../../pipeline/ports.ts'
import { within } from '../../waiting/index.ts'

interface TracedConsumer {
  /** Its name is the prefix of attributes that OpenTelemetry's semantic conventions do not define. */
  readonly application: Pick<Application, 'name' | 'groupName'>
  readonly env: string
  readonly name: string
}

/** Maximum number of links of a batch, which is also the SDK's default. */
const MAX_LINKS = 128

/** Maximum length of an attribute value that producers set, in characters. */
const LONGEST = 1_000

export class BatchSpans implements BatchTracer {
  readonly #api: typeof OpenTelemetry
  readonly #consumer: TracedConsumer

  constructor(api: typeof OpenTelemetry, consumer: TracedConsumer) {
    this.#api = api
    this.#consumer = consumer
  }

  /** Not kept, because another copy of the API can register a provider later. */
  get #tracer(): Tracer {
    return this.#api.trace.getTracer('@sluice/runtime')
  }

  trace<P extends Ports, T>(
    { topic, partition, records }: Parameters<BatchTracer['trace']>[0],
    ports: P,
    work: (ports: P) => Promise<T>,
  ): Promise<T> {
    const { context, SpanKind } = this.#api
    const { application, env, name } = this.#consumer
    const attributes = {
      ...buildMessagingAttributes('process', topic),
      'messaging.consumer.group.name': application.groupName?.(name, env, topic) ?? name,
      'messaging.destination.partition.id': String(partition),
      'messaging.batch.message_count': records,
      [`${application.name}.consumer`]: name,
    }
    const options = { kind: SpanKind.CONSUMER, attributes }
    return this.#run(`process ${topic}`, options, context.active(), (span, parent) =>
      work(span.isRecording() ? this.#observe(ports, span, parent) : ports),
    )
  }

  /** Sends the finished spans, if the provider can do that. Never rejects. */
  async flush(withinMs: number): Promise<void> {
    const proxy = this.#api.trace.getTracerProvider() as Flushable
    const provider = proxy.getDelegate?.() ?? proxy
    if (withinMs <= 0) return
    const flush = async () => provider.forceFlush?.()
    // The SDK reports what it cannot send, and sends later what is not sent in time.
    await within(withinMs, flush(), () => new Error('out of time')).catch(() => {})
  }

  /** Runs work in a span. If it fails, the span has the reason, but not the message. */
  #run<T>(
    name: string,
    options: SpanOptions,
    parent: Context,
    work: (span: Span, context: Context) => Promise<T>,
  ): Promise<T> {
    const { context, trace } = this.#api
    const span = this.#tracer.startSpan(name, options, parent)
    const inSpan = trace.setSpan(parent, span)
    const call = async () => work(span, inSpan)
    return context
      .with(inSpan, call)
      .catch((error: unknown) => {
        this.#fail(span, toDeferred(error).reason)
        throw error
      })
      .finally(() => span.end())
  }

  #fail(span: Span, code: string): void {
    span.setAttribute('error.type', code).setStatus({ code: this.#api.SpanStatusCode.ERROR })
  }

  /** Returns ports whose calls have spans below that of the batch, and whose reports it shows. */
  #observe<P extends Ports>(ports: P, batch: Span, parent: Context): P {
    const { CLIENT, PRODUCER } = this.#api.SpanKind
    const { store, publisher } = ports
    const counts = new Map<string, number>()
    let linksLeft = MAX_LINKS
    return {
      ...ports,
      store: {
        load: (...args) => store.load(...args),
        commit: (...args) => this.#run('commit', { kind: CLIENT }, parent, () => store.commit(...args)),
        trimOutbox: (...args) => store.trimOutbox(...args),
      },
      publisher: {
        publish: records => {
          const attributes = { 'messaging.batch.message_count': records.length }
          const options = { kind: PRODUCER, attributes: { ...MESSAGING, ...attributes } }
          return this.#run('publish', options, parent, () => publisher.publish(records))
        },
      },
      report: (report: Report) => {
        ports.report(report)
        if (report.kind === 'deferred' && report.error !== undefined) this.#fail(batch, report.reason)
        if (report.kind !== 'decisions') return
        const { stateKey, decisions } = report
        for (const decision of decisions) {
          counts.set(decision.outcome, (counts.get(decision.outcome) ?? 0) + 1)
          const link = decision.timer ? undefined : this.#createLink(decision)
          if (link && linksLeft-- > 0) batch.addLink(link)
          if (decision.failure) this.#reportFailed(stateKey, decision, parent, link)
        }
        for (const [outcome, count] of counts)
          batch.setAttribute(`${this.#consumer.application.name}.outcome.${outcome}`, count)
      },
    }
  }

  /** Returns a link to the span that sent a record; undefined if the record is not sampled. */
  #createLink({ event, offset }: Decision): Link | undefined {
    const { TraceFlags, createTraceState } = this.#api
    const { traceId, spanId, isSampled, tracestate } = extractSpanContext(event?.extensions) ?? {}
    if (!traceId || !spanId || !isSampled) return undefined
    const traceState = tracestate ? { traceState: createTraceState(tracestate) } : {}
    return {
      context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true, ...traceState },
      attributes: { 'messaging.kafka.offset': offset },
    }
  }

  #reportFailed(
    { topic }: StateKey,
    { offset, outcome, event, failure }: Decision,
    parent: Context,
    link: Link | undefined,
  ): void {
    const attributes = {
      ...buildMessagingAttributes('process', topic),
      'messaging.kafka.offset': offset,
      [`${this.#consumer.application.name}.outcome`]: outcome,
      ...(event ? buildEventAttributes(event) : {}),
    }
    const span = this.#tracer.startSpan(`fail ${topic}`, { attributes, links: link ? [link] : [] }, parent)
    if (failure) this.#fail(span, failure.code)
    span.end()
  }
}

/** What a provider of the SDK can have. Between it and the API is a proxy. */
interface Flushable {
  getDelegate?(): Flushable
  forceFlush?(): Promise<void>
}

// Attributes of spans, with the names of OpenTelemetry's semantic conventions.

const MESSAGING = { 'messaging.system': 'kafka' }

function buildMessagingAttributes(operation: string, topic: string): Attributes {
  return {
    ...MESSAGING,
    'messaging.operation.type': operation,
    'messaging.operation.name': operation,
    'messaging.destination.name': topic,
  }
}

function buildEventAttributes({ id, source, type, subject = '' }: Event): Attributes {
  const named = { id, source, type, ...(subject ? { subject } : {}) }
  const attributes = Object.entries(named).map(([name, value]) => [
    `cloudevents.event_${name}`,
    value.slice(0, LONGEST),
  ])
  return Object.fromEntries(attributes)
}
