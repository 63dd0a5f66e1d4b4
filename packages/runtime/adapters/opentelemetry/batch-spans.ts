/**
 * Reports spans of batches and of their records to the OpenTelemetry API. The program that registered a provider determines ids,
 * sampling and export. Error messages and event data are never reported.
 */
import type * as OpenTelemetry from '@opentelemetry/api'
import type { Attributes, Context, Link, Span, SpanOptions, Tracer } from '@opentelemetry/api'
import { extractSpanContext } from '../../cloudevents/trace.ts'
import type { Application } from '../../consumer/application.ts'
import type { Event } from '../../consumer/event.ts'
import { type Decision, toDeferred } from '../../pipeline/model/decision.ts'
import type { BatchTracer, Ports } from '../../pipeline/ports.ts'
import { within } from '../../waiting/index.ts'

interface TracedConsumer {
  /** Its name is the prefix of attributes that OpenTelemetry's semantic conventions do not define. */
  readonly application: Pick<Application, 'name' | 'groupName'>
  readonly env: string
  readonly name: string
}

/**
 * Maximum number of links of a batch, which is also the SDK's default. It also bounds the spans of records that failed, and
 * separately those of other records, so that many other records never hide a failed one.
 */
const MAX_PER_BATCH = 128

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
    const shared = {
      ...MESSAGING,
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': topic,
      'messaging.consumer.group.name': application.groupName?.(name, env, topic) ?? name,
      'messaging.destination.partition.id': String(partition),
      [`${application.name}.consumer`]: name,
    }
    const attributes = { ...shared, 'messaging.batch.message_count': records }
    const options = { kind: SpanKind.CONSUMER, attributes }
    return this.#run(`process ${topic}`, options, context.active(), (span, parent) => {
      const batch = { topic, span, parent, shared, startTime: Date.now() }
      const calls = span.isRecording() ? this.#observeCalls(ports, parent) : {}
      return work({ ...ports, ...calls, report: this.#observeReports(ports, batch) })
    })
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

  /** Returns ports whose calls have spans below that of the batch. */
  #observeCalls({ store, publisher }: Ports, parent: Context): Pick<Ports, 'store' | 'publisher'> {
    const { CLIENT, PRODUCER } = this.#api.SpanKind
    return {
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
    }
  }

  /** Returns a function that passes reports on, and shows them in the span of the batch and in spans of records. */
  #observeReports({ report: passOn }: Ports, batch: TracedBatch): Ports['report'] {
    const counts = new Map<string, number>()
    const left = { links: MAX_PER_BATCH, failed: MAX_PER_BATCH, others: MAX_PER_BATCH }
    return report => {
      passOn(report)
      if (report.kind === 'deferred' && report.error !== undefined) this.#fail(batch.span, report.reason)
      if (report.kind !== 'decisions') return
      for (const decision of report.decisions) {
        counts.set(decision.outcome, (counts.get(decision.outcome) ?? 0) + 1)
        const link = decision.timer ? undefined : this.#createLink(decision)
        if (link && left.links-- > 0) batch.span.addLink(link)
        const hasSpan = (link || decision.failure) && left[decision.failure ? 'failed' : 'others']-- > 0
        if (hasSpan) this.#reportRecord(batch, decision, link)
      }
      for (const [outcome, count] of counts)
        batch.span.setAttribute(`${this.#consumer.application.name}.outcome.${outcome}`, count)
    }
  }

  /** Returns a link to the span that sent a record; undefined if the record is not sampled. */
  #createLink({ event, offset }: Decision): Link | undefined {
    const { TraceFlags, createTraceState } = this.#api
    const extensions = event?.extensions
    const { traceId, spanId, tracestate } = (isSampled(extensions) && extractSpanContext(extensions)) || {}
    if (!traceId || !spanId) return undefined
    const traceState = tracestate ? { traceState: createTraceState(tracestate) } : {}
    return {
      context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true, ...traceState },
      attributes: { 'messaging.kafka.offset': offset },
    }
  }

  /**
   * Reports a record in the trace of its event, as a child of the span that sent it, with links to that span and to the batch. A
   * failed record that is not sampled is reported below the batch. The span ends now, because decisions are reported right after
   * their commit.
   */
  #reportRecord(
    { topic, span: batch, parent, shared, startTime }: TracedBatch,
    { offset, outcome, reason, event, failure }: Decision,
    link: Link | undefined,
  ): void {
    const { trace, SpanKind } = this.#api
    const { name } = this.#consumer.application
    const links = link ? [link, ...(batch.isRecording() ? [{ context: batch.spanContext() }] : [])] : []
    const kind = link ? SpanKind.CONSUMER : SpanKind.INTERNAL
    const options = { kind, attributes: shared, links, startTime }
    const inTrace = link ? trace.setSpanContext(parent, link.context) : parent
    const span = this.#tracer.startSpan(`${link ? 'process' : 'fail'} ${topic}`, options, inTrace)
    // The attributes of a record take most of the time, and no sampler needs them.
    if (!span.isRecording()) return
    span.setAttributes({
      'messaging.kafka.offset': offset,
      [`${name}.outcome`]: outcome,
      [`${name}.reason`]: reason,
      ...(event ? buildEventAttributes(event) : {}),
    })
    if (failure) this.#fail(span, failure.code)
    span.end()
  }
}

/** Batch of a partition, with the attributes that its span shares with those of its records. */
interface TracedBatch {
  readonly topic: string
  readonly span: Span
  /** Context in which the span is active. */
  readonly parent: Context
  readonly shared: Attributes
  /** Milliseconds since the epoch. */
  readonly startTime: number
}

/**
 * Returns true if the last digit of a `traceparent` says that its span is sampled. The rest is not checked, so that records that are
 * not sampled cost almost nothing.
 */
function isSampled({ traceparent = '' }: NonNullable<Event['extensions']> = {}): boolean {
  return (Number.parseInt(traceparent.at(-1) ?? '', 16) & 1) === 1
}

/** What a provider of the SDK can have. Between it and the API is a proxy. */
interface Flushable {
  getDelegate?(): Flushable
  forceFlush?(): Promise<void>
}

// Attributes of spans, with the names of OpenTelemetry's semantic conventions.

const MESSAGING = { 'messaging.system': 'kafka' }

function buildEventAttributes({ id, source, type, subject }: Event): Attributes {
  return {
    'cloudevents.event_id': id.slice(0, LONGEST),
    'cloudevents.event_source': source.slice(0, LONGEST),
    'cloudevents.event_type': type.slice(0, LONGEST),
    ...(subject ? { 'cloudevents.event_subject': subject.slice(0, LONGEST) } : {}),
  }
}
