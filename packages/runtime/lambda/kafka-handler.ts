/** Creates Kafka-triggered handlers, and assembles their parts once per cold start. */
import { setTimeout as pause } from 'node:timers/promises'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { readSecret } from '../adapters/aws/secrets-and-parameters.ts'
import { LambdaObserver } from '../adapters/lambda/observer.ts'
import { createTelemetry, inEnvironment, logsContext, measurePorts } from '../adapters/lambda/telemetry.ts'
import type { Application } from '../consumer/application.ts'
import { ConfigError } from '../consumer/author-errors.ts'
import type { AuthoredProcess } from '../consumer/authored-process.ts'
import { assertFits } from '../pipeline/assert-fits.ts'
import type { KafkaEvent } from '../pipeline/batch/receive.ts'
import type { BatchResponse } from '../pipeline/batch/respond.ts'
import { consume } from '../pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from '../pipeline/consumer.ts'
import { LatestDecisions } from '../pipeline/failures/failure-surge.ts'
import { PublishedFailureReader } from '../pipeline/failures/published-failures.ts'
import { LogChecks } from '../pipeline/log/log-identity.ts'
import type { LogReader, Ports } from '../pipeline/ports.ts'
import { type ConsumerSettings, consumerSettings } from '../settings/consumer.ts'
import { type GeneralSettings, generalSettings } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import { type PartsOf, readSettings } from '../settings/read-settings.ts'
import { REDIS } from '../settings/redis.ts'
import { REGISTRY, type RegistrySettings } from '../settings/registry.ts'
import { SERIALIZATION } from '../settings/serialization.ts'
import type { Environment, Slice } from '../settings/slice.ts'
import { TRACING, type TracingSettings } from '../settings/tracing.ts'
import { bundleVersion } from './bundle-version.ts'
import { createDataReader } from './configured-reader.ts'
import { readyToWrite } from './configured-writer.ts'
import { Connections } from './connections.ts'
import type { Choices, KafkaHandler, WorkSource } from './handler-types.ts'
import { once, refreshing } from './once.ts'
import { boundYoungGeneration } from './young-generation.ts'

/** Settings that every consumer reads. */
const listSlices = (application: string) => {
  const own = [generalSettings(application), consumerSettings(application)] as const
  return [...own, KAFKA, REDIS, REGISTRY, SERIALIZATION, TRACING] as const
}

type Config = PartsOf<ReturnType<typeof listSlices>>

/**
 * Creates a Kafka-triggered handler that runs a process. The handler reads its settings from the environment. Initialization that
 * is needed once per cold start is done while the function loads.
 *
 * @param process process created by `application().process()`, which includes its application
 * @throws ConfigError when the handler is called, naming every missing or invalid setting
 */
export function kafkaHandler<State>(
  process: AuthoredProcess<State>,
  choices?: Choices<readonly []>,
): KafkaHandler
/**
 * Creates a Kafka-triggered handler that runs any process or sink.
 *
 * @param application application with the topics and the reader of event data
 * @param name name of the function, which must equal the name of the process or sink
 * @param source the process or sink, or a function that creates it from its settings
 * @throws ConfigError when the handler is called, naming every missing or invalid setting
 */
export function kafkaHandler<State, Data, const Slices extends readonly Slice[] = readonly []>(
  application: Application,
  name: string,
  source: WorkSource<State, Data, Slices>,
  choices?: Choices<Slices>,
): KafkaHandler
export function kafkaHandler(
  first: Application | AuthoredProcess<unknown>,
  ...others: unknown[]
): KafkaHandler {
  const isAlone = 'onEvent' in first
  const [application, name, source, choices] = isAlone
    ? [first.application, first.name, first, others[0]]
    : [first, ...others]
  return createHandler(application, name as string, source as AnySource, choices as Choices<readonly Slice[]>)
}

type AnySource = WorkSource<unknown, unknown, readonly Slice[]>

function createHandler(
  application: Application,
  name: string,
  source: AnySource,
  { slices, codeVersion, foreignReader, ...choices }: Choices<readonly Slice[]> = {},
): KafkaHandler {
  boundYoungGeneration()
  const { logger, metrics } = createTelemetry(name, application.name)
  const observer = new LambdaObserver(logger, metrics, Date.now, application.remedies)
  const readConfig = (environment?: Environment) =>
    readSettings([...listSlices(application.name), ...(slices ?? [])], environment) as Config &
      PartsOf<readonly Slice[]>
  const buildConsumer = async (config: ReturnType<typeof readConfig>): Promise<Consumer> => {
    const process = (typeof source === 'function' ? await source(config) : source) as Process
    // Logs and metrics use the handler's name, but state and failures use the name of the process, so both must be equal.
    if (process.name !== name)
      throw new ConfigError(`the handler of '${name}'`, [
        `its consumer has another name, '${process.name}': both names must be equal`,
      ])
    assertFits(application, process)
    const readForeign = await foreignReader?.(config)
    const reading = readForeign === undefined ? application : { ...application, readForeign }
    return createConsumer(reading, config, process, choices)
  }
  const start = once(async () => {
    const config = readConfig()
    inEnvironment(metrics, config.env)
    const connections = new Connections(config, `${application.name}-${name}`)
    const consumer = await buildConsumer(config)
    const { process } = consumer
    // Close the sink together with the connections.
    if ('close' in process && process.close) connections.register({ close: () => process.close?.() })
    const reached = {
      store: await connections.store(),
      breaker: await connections.breaker(),
      ...kafkaOnDemand(connections),
      observer,
    }
    const ports = {
      ...measurePorts(reached, (step, ms) => observer.recordDuration(step, ms)),
      formerStates: () => connections.formerStates(),
    }
    const tracing = await createTracing(application, config, name, observer)
    const ready = readyToWrite(consumer, application, config)
    // If a registry does not respond, records wait, but the function starts.
    await ready()
    return { config, connections, ready, ports, tracing }
  })
  // Start while the function loads, so that the first batch does not wait. If this fails, the first
  // invocation tries again and reports the error.
  start().catch(() => {})
  const latest = new LatestDecisions()
  const logChecks = new LogChecks()
  const publishedFailures = new PublishedFailureReader()
  const invoked = middy<Releasable<KafkaEvent>, BatchResponse, Error, Context>()
    .use(logsContext(logger))
    .use({
      before: () => {
        boundYoungGeneration()
        observer.begin()
      },
      after: () => observer.flush(),
      onError: () => observer.flush(),
    })
    .handler(async (held, context) => {
      const { config, connections, ready, ports, tracing } = await start()
      const { consumer, unavailable } = await ready()
      const answer = consume(consumer, ports, held.take(), {
        remainingMs: () => context.getRemainingTimeInMillis(),
        partialResponses: config.partialResponses,
        nowMs: Date.now,
        pause,
        codeVersion: codeVersion ?? (() => config.codeVersion ?? bundleVersion()),
        latest,
        logChecks,
        publishedFailures,
        ...(unavailable ? { unavailable } : {}),
      })
      return answer.finally(async () => {
        // Lambda runs no code after the response, so spans are exported before it.
        await tracing?.export(Math.min(EXPORT_MS, context.getRemainingTimeInMillis() - RESPONSE_MS))
        await connections.afterInvocation(config)
      })
    })
  const handler = (event: KafkaEvent, context: Context) => invoked(new Releasable(event), context)
  const consumer = async (environment: Environment) => {
    const config = readConfig(environment)
    const { consumer, unavailable } = await readyToWrite(await buildConsumer(config), application, config)()
    if (unavailable) throw unavailable
    return consumer
  }
  return Object.assign(handler as unknown as KafkaHandler, { application, start, consumer })
}

/**
 * Wrapper that releases an event once its content is taken. Middy keeps its argument until the invocation ends, but the text of a
 * large event takes tens of megabytes and is not needed after its records are read.
 */
class Releasable<T> {
  #value: T | undefined

  constructor(value: T) {
    this.#value = value
  }

  take(): T {
    const value = this.#value as T
    this.#value = undefined
    return value
  }
}

/** Time limit for exporting spans at the end of an invocation, and the time that is reserved for the response, in milliseconds. */
const EXPORT_MS = 1_000
const RESPONSE_MS = 500

/** Returns the tracing of a function; undefined if no endpoint is configured, in which case the tracing code is not loaded. */
async function createTracing(
  application: Application,
  { otlp, env }: GeneralSettings & TracingSettings,
  name: string,
  observer: LambdaObserver,
) {
  if (!otlp) return undefined
  const { Tracing } = await import('../adapters/otlp/tracing.ts')
  const traced = {
    env,
    application: application.name,
    getGroup: (topic: string) => application.groupName?.(name, env, topic) ?? name,
    kafkaTopic: (topic: Parameters<Application['kafkaTopic']>[0]) => application.kafkaTopic(topic, env),
    serviceName: otlp.serviceName ?? `${application.name}-${name}`,
    sampler: otlp.sampler,
    mostPerSecond: otlp.mostPerSecond,
  }
  const { headersSecret } = otlp
  const settings = headersSecret ? { ...otlp, secretHeaders: createHeadersReader(headersSecret) } : otlp
  const tracing = new Tracing(settings, traced, (...dropped) => observer.reportDroppedSpans(...dropped))
  observer.traceTo(tracing)
  return tracing
}

/** Maximum age of cached headers from a secret, in milliseconds. Older headers are read again for the next export. */
const HEADERS_AGE_MS = 60_000

/**
 * Returns a function that reads headers from a secret. The secret is read with the first export, so an unreadable secret affects
 * only spans and not records.
 */
function createHeadersReader(secret: string): () => Promise<Readonly<Record<string, string>>> {
  const read = async () =>
    Object.fromEntries(Object.entries(await readSecret(secret)).map(([name, value]) => [name, String(value)]))
  const headers = once(() => refreshing(read, HEADERS_AGE_MS))
  return async () => (await headers())()
}

/**
 * Creates ports that connect to Kafka on first use. Many batches need no connection, because they have no emissions and no missing
 * records.
 */
function kafkaOnDemand(connections: Connections): Pick<Ports, 'publisher' | 'log' | 'bounds'> {
  let reader: LogReader | undefined
  return {
    publisher: { publish: async records => (await connections.publisher()).publish(records) },
    bounds: { bounds: async (...wanted) => (await connections.bounds()).bounds(...wanted) },
    log: {
      read: async (...range) => {
        reader = await connections.log()
        return reader.read(...range)
      },
      identity: async topic => (await connections.log()).identity?.(topic),
      leave: (...place) => reader?.leave?.(...place),
    },
  }
}

function createConsumer(
  application: Application,
  config: GeneralSettings & ConsumerSettings & RegistrySettings,
  process: Process,
  choices: Partial<Pick<Consumer, 'failuresTo' | 'reserveMs'>>,
): Consumer {
  const { env, contentMode, idWindowMs, failureBytes, newEntities, futureToleranceMs, earliestTimeMs } =
    config
  const { logTime, sinceMs, emitters } = config
  return {
    ...CONSUMER_DEFAULTS,
    application,
    reader: createDataReader(application, config),
    failuresTo: application.failuresTopic,
    ...choices,
    process,
    env,
    contentMode,
    idWindowMs,
    failureBytes,
    newEntities,
    futureToleranceMs,
    earliestTimeMs,
    logTime,
    emitters,
    ...(sinceMs === undefined ? {} : { sinceMs }),
  }
}
