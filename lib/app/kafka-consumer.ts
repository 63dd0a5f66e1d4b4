/** Makes the handlers in `functions/` that read from Kafka, and assembles their parts once per cold start. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { LambdaObserver } from '../runtime/adapters/lambda/observer.ts'
import { logsContext, telemetryOf } from '../runtime/adapters/lambda/telemetry.ts'
import { timed } from '../runtime/adapters/lambda/timed.ts'
import type { KeyedProcess } from '../runtime/consumer/process.ts'
import type { Sink } from '../runtime/consumer/sink.ts'
import { consume } from '../runtime/pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from '../runtime/pipeline/consumer.ts'
import { versionError } from '../runtime/pipeline/deciding/stored-state.ts'
import { LatestDecisions } from '../runtime/pipeline/failures/failure-surge.ts'
import { LogChecks } from '../runtime/pipeline/log/log-identity.ts'
import type { Ports } from '../runtime/pipeline/ports.ts'
import type { KafkaEvent } from '../runtime/pipeline/receive.ts'
import type { BatchResponse } from '../runtime/pipeline/respond.ts'
import { APPLICATION } from './application.ts'
import { Connections } from './connections.ts'
import { once } from './once.ts'
import {
  CHECKPOINTS,
  CONSUMER,
  type ConsumerSettings,
  GENERAL,
  type GeneralSettings,
  KAFKA,
  type PartsOf,
  REDIS,
  readSettings,
  type Slice,
  TRACING,
  type TracingSettings,
} from './settings/index.ts'
import { groupName, type Signal, topicName } from './topics.ts'

type Work<State, Data> = KeyedProcess<State, Data, unknown> | Sink<Data>

/** The settings that every consumer reads. */
const SLICES = [GENERAL, KAFKA, REDIS, CONSUMER, CHECKPOINTS, TRACING] as const

/** A process or a sink, or a function that makes it from its settings when the Lambda function starts. */
type WorkSource<State, Data, Config> =
  | Work<State, Data>
  | ((config: Config) => Work<State, Data> | Promise<Work<State, Data>>)

interface Choices<Slices extends readonly Slice[]> extends Partial<Pick<Consumer, 'failuresTo'>> {
  /** The settings that it reads in addition to those of every consumer. */
  readonly slices?: Slices
}

/**
 * A Kafka-triggered handler that runs a process or a sink: all that a consumer's `handler.ts` needs. Its `start` does the work
 * that is needed once per cold start, and rejects if the function cannot work.
 */
export function kafkaConsumer<State, Data, const Slices extends readonly Slice[] = readonly []>(
  name: string,
  source: WorkSource<State, Data, PartsOf<typeof SLICES> & PartsOf<Slices>>,
  { slices, ...choices }: Choices<Slices> = {},
) {
  const { logger, metrics } = telemetryOf(name)
  const observer = new LambdaObserver(logger, metrics)
  const start = once(async () => {
    const config = readSettings([...SLICES, ...(slices ?? [])]) as PartsOf<typeof SLICES> & PartsOf<Slices>
    const connections = new Connections(config, name)
    const process = typeof source === 'function' ? await source(config) : source
    // Logs and metrics use `name`; the state and the failures use `process.name`.
    if (process.name !== name)
      throw new Error(`kafkaConsumer('${name}', …) was given a consumer with the name '${process.name}'`)
    const wrong = 'onEvent' in process ? versionError(process as KeyedProcess<unknown>) : undefined
    if (wrong) throw new Error(`the process '${name}' has ${wrong}`)
    const consumer = consumerOf(config, process as Process, choices)
    const reached = {
      store: await connections.store(),
      breaker: await connections.breaker(),
      ...kafkaOnDemand(connections),
      recovery: () => connections.recovery(),
      observer,
    }
    const ports = timed(reached, (step, ms) => observer.took(step, ms))
    const tracing = await tracingOf(config, name, observer)
    return { config, connections, consumer, ports, tracing }
  })
  // Start while the function loads, so that the first batch does not have to wait. If this fails, the first invocation retries it
  // and reports the error.
  start().catch(() => {})
  const latest = new LatestDecisions()
  const logChecks = new LogChecks()
  const handler = middy<KafkaEvent, BatchResponse, Error, Context>()
    .use(logsContext(logger))
    .use({
      before: () => observer.begin(),
      after: () => observer.flush(),
      onError: () => observer.flush(),
    })
    .handler(async (event, context) => {
      const { config, connections, consumer, ports, tracing } = await start()
      const answer = consume(consumer, ports, event, {
        remainingMs: () => context.getRemainingTimeInMillis(),
        partialResponses: config.partialResponses,
        nowMs: Date.now,
        pause,
        codeVersion,
        latest,
        logChecks,
      })
      return answer.finally(async () => {
        // Nothing runs after the response.
        await tracing?.export(Math.min(EXPORT_MS, context.getRemainingTimeInMillis() - RESPONSE_MS))
        await connections.afterInvocation(config)
      })
    })
  return Object.assign(handler, { start })
}

/** Upper bound for exporting spans at the end of an invocation, and the time that the export leaves for the response. */
const EXPORT_MS = 1_000
const RESPONSE_MS = 500

/** Undefined if no endpoint is configured; the tracing code is then not loaded. */
async function tracingOf(config: GeneralSettings & TracingSettings, name: string, observer: LambdaObserver) {
  const { otlp, env } = config
  if (!otlp) return undefined
  const { Tracing } = await import('../runtime/adapters/otlp/tracing.ts')
  const traced = {
    env,
    group: groupName(name, env),
    kafkaTopic: (topic: Signal) => topicName(topic, env),
    serviceName: otlp.serviceName ?? `sluice-${name}`,
  }
  const tracing = new Tracing(otlp, traced, (...dropped) => observer.spansDropped(...dropped))
  observer.traceTo(tracing)
  return tracing
}

/** Connects to Kafka on first use: a batch without emissions and without missing records does not need it. */
function kafkaOnDemand(connections: Connections): Pick<Ports, 'publisher' | 'log'> {
  return {
    publisher: { publish: async records => (await connections.publisher()).publish(records) },
    log: { read: async (...stretch) => (await connections.log()).read(...stretch) },
  }
}

/**
 * A hash of the bundle's content, computed on first use. Hashing this file is enough: the names of the bundle's other files are
 * derived from their contents, and this file contains those names.
 */
const codeVersion = lazily(() =>
  createHash('sha256')
    .update(readFileSync(new URL(import.meta.url)))
    .digest('hex')
    .slice(0, 16),
)

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function consumerOf(
  config: GeneralSettings & ConsumerSettings,
  process: Process,
  choices: Partial<Consumer>,
): Consumer {
  const { env, contentMode, idWindowMs, failureBytes, futureToleranceMs, earliestTimeMs, logTime, sinceMs } =
    config
  return {
    ...CONSUMER_DEFAULTS,
    application: APPLICATION,
    failuresTo: APPLICATION.failuresTopic,
    ...choices,
    process,
    env,
    contentMode,
    idWindowMs,
    failureBytes,
    futureToleranceMs,
    earliestTimeMs,
    logTime,
    ...(sinceMs === undefined ? {} : { sinceMs }),
  }
}
