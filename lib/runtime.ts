/** Puts the parts together, once per cold start: what the handlers in `functions/` are made of. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { LambdaObserver } from './adapters/lambda/observer.ts'
import { logsContext, telemetryOf } from './adapters/lambda/telemetry.ts'
import { timed } from './adapters/lambda/timed.ts'
import { type Config, readConfig } from './config.ts'
import { Connections } from './connections.ts'
import type { KeyedProcess } from './domain/process.ts'
import type { Sink } from './domain/sink.ts'
import { groupName } from './domain/topics.ts'
import { once } from './once.ts'
import { consume } from './pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from './pipeline/consumer.ts'
import { LatestDecisions } from './pipeline/flood.ts'
import type { Ports } from './pipeline/partition.ts'
import type { KafkaEvent } from './pipeline/receive.ts'
import type { BatchResponse } from './pipeline/respond.ts'

type Work<State, Data> = KeyedProcess<State, Data> | Sink<Data>

/** A process or a sink as it stands, or made from the configuration when the function starts. */
type WorkSource<State, Data> =
  | Work<State, Data>
  | ((config: Config) => Work<State, Data> | Promise<Work<State, Data>>)

/** The settings of the pipeline that a consumer may choose for itself. */
type Choices = Partial<Pick<Consumer, 'failuresTo'>>

/**
 * A Kafka-triggered handler that runs a process or a sink: the whole of what a consumer's `handler.ts` needs. Its `start` does
 * what an invocation does only once, and rejects where the function cannot work.
 */
export function kafkaConsumer<State, Data>(
  name: string,
  source: WorkSource<State, Data>,
  choices: Choices = {},
) {
  const { logger, metrics } = telemetryOf(name)
  const observer = new LambdaObserver(logger, metrics)
  const start = once(async () => {
    const config = readConfig()
    const connections = new Connections(config, name)
    const process = typeof source === 'function' ? await source(config) : source
    // By the one its logs and metrics are found, by the other its state and its failures.
    if (process.name !== name)
      throw new Error(`kafkaConsumer('${name}', …) was given a consumer with the name '${process.name}'`)
    const consumer = consumerOf(config, process as Process, choices)
    const reached = {
      store: await connections.store(),
      gate: await connections.gate(),
      ...kafkaOnDemand(connections),
      observer,
    }
    const ports = timed(reached, (step, ms) => observer.took(step, ms))
    const tracing = await tracingOf(config, name, observer)
    return { config, connections, consumer, ports, tracing }
  })
  // Begun while the function loads: what is done before the first batch comes does not hold it up. What has failed by then is
  // tried again, and told.
  start().catch(() => {})
  const latest = new LatestDecisions()
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
      })
      return answer.finally(async () => {
        // Nothing runs after the response.
        await tracing?.export(Math.min(EXPORT_MS, context.getRemainingTimeInMillis() - RESPONSE_MS))
        await connections.afterInvocation(config)
      })
    })
  return Object.assign(handler, { start })
}

/** So long an invocation may take for its spans, and so much of its time they leave for the response. */
const EXPORT_MS = 1_000
const RESPONSE_MS = 500

/** Undefined where no endpoint is configured: then nothing of it is loaded. */
async function tracingOf(config: Config, name: string, observer: LambdaObserver) {
  const { otlp, env } = config
  if (!otlp) return undefined
  const { Tracing } = await import('./adapters/otlp/tracing.ts')
  const traced = { env, group: groupName(name, env), serviceName: otlp.serviceName ?? `sluice-${name}` }
  const tracing = new Tracing(otlp, traced, (...dropped) => observer.spansDropped(...dropped))
  observer.traceTo(tracing)
  return tracing
}

/** A batch that nothing is emitted from, and that misses nothing, needs no Kafka: it is connected to when one does. */
function kafkaOnDemand(connections: Connections): Pick<Ports, 'publisher' | 'log'> {
  return {
    publisher: { publish: async records => (await connections.publisher()).publish(records) },
    log: { read: async (...stretch) => (await connections.log()).read(...stretch) },
  }
}

/**
 * The bundle that this is a part of, by its content: computed only where somebody asks. Its other files are named by theirs,
 * and the names stand in this one.
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

function consumerOf(config: Config, process: Process, choices: Choices): Consumer {
  const { env, contentMode, idWindowMs, futureToleranceMs, earliestTimeMs, logTime, sinceMs } = config
  return {
    ...CONSUMER_DEFAULTS,
    ...choices,
    process,
    env,
    contentMode,
    idWindowMs,
    futureToleranceMs,
    earliestTimeMs,
    logTime,
    ...(sinceMs === undefined ? {} : { sinceMs }),
  }
}
