/** Starts a Kafka-triggered handler: reads its settings, connects, and assembles its parts once per cold start. */
import { randomUUID } from 'node:crypto'
import type { Metrics } from '@aws-lambda-powertools/metrics'
import { KeptStates } from '../adapters/kept/kept-states.ts'
import { KeptStore } from '../adapters/kept/kept-store.ts'
import type { LambdaObserver } from '../adapters/lambda/observer.ts'
import { inEnvironment, measurePorts } from '../adapters/lambda/telemetry.ts'
import type { Application } from '../consumer/application.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import { LatestDecisions } from '../pipeline/failures/failure-surge.ts'
import { PublishedFailureReader } from '../pipeline/failures/published-failures.ts'
import { LogChecks } from '../pipeline/log/log-identity.ts'
import type { LogReader, Ports } from '../pipeline/ports.ts'
import { isAnySet } from '../settings/read-settings.ts'
import { buildConsumer, type HandlerPlan, readConsumerConfig } from './build-consumer.ts'
import { bundleVersion } from './bundle-version.ts'
import { Connections } from './connections.ts'
import { readyToWrite } from './ready-to-write.ts'
import { withRecordedLogs } from './recorded-logs.ts'

/** Registered parts of the OpenTelemetry API, which all of its copies with the same major version share. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')

/** Parts of a handler that all invocations of an execution environment share. */
export type KafkaRuntime = Awaited<ReturnType<typeof startKafkaRuntime>>

/** Starts a handler. Kafka and Redis are connected to on first use. @throws ConfigError that names every missing or invalid setting */
export async function startKafkaRuntime(plan: HandlerPlan, metrics: Metrics, observer: LambdaObserver) {
  const { name, choices } = plan
  const config = readConsumerConfig(plan)
  inEnvironment(metrics, config.env)
  const connections = new Connections(config, `${plan.application.name}-${name}`)
  const consumer = await buildConsumer(plan, config)
  const { process, application } = consumer
  // Close the sink together with the connections.
  if ('close' in process && process.close) connections.register({ close: () => process.close?.() })
  const ports = await connectPorts(connections, observer, { application, config })
  // Load the client of Kafka while the function loads, because the first batch asks for the identity of its log. It opens no
  // connection yet. If this fails, that batch tries again and reports the error.
  connections.log().catch(() => {})
  const tracing = await createTracing(application, config.env, name, observer)
  const ready = readyToWrite(consumer, config)
  // If a registry does not respond, records wait, but the function starts.
  await ready()
  return {
    config,
    connections,
    ready,
    ports: { ...ports, ...(tracing ? { tracer: tracing } : {}) },
    tracing,
    codeVersion: choices.codeVersion ?? (() => config.codeVersion ?? bundleVersion()),
    memory: {
      latest: new LatestDecisions(),
      logChecks: new LogChecks(),
      publishedFailures: new PublishedFailureReader(),
    },
  }
}

interface Plan {
  readonly application: Application
  readonly config: { readonly env: string; readonly keepStates: boolean }
}

async function connectPorts(
  connections: Connections,
  observer: LambdaObserver,
  { application, config: { env, keepStates } }: Plan,
) {
  const kafka = kafkaOnDemand(connections)
  const own = new Set(
    Object.keys(application.topics).map(name => application.kafkaTopic(name as TopicName, env)),
  )
  const recorded = withRecordedLogs(kafka, {
    isOfOtherEnvironment: topic => !own.has(topic) && application.topicNamed(topic) !== undefined,
    exists: async topic => (await connections.log()).exists(topic),
  })
  const ports = {
    store: await connections.store(),
    breaker: await connections.breaker(),
    ...kafka,
    bounds: recorded.bounds,
    log: { ...kafka.log, ...recorded.log },
    report: observer.report,
  }
  const measured = measurePorts(ports, (step, ms) => observer.recordDuration(step, ms))
  const { store } = measured
  return {
    ...measured,
    store: keepStates ? new KeptStore(store, new KeptStates(randomUUID())) : store,
    states: () => connections.states(),
  }
}

/**
 * Creates ports that connect to Kafka on first use. Many batches need no connection, because they have no emissions and no missing
 * records.
 */
function kafkaOnDemand(connections: Connections): Required<Pick<Ports, 'publisher' | 'log' | 'bounds'>> {
  let reader: LogReader | undefined
  return {
    publisher: { publish: async records => (await connections.publisher()).publish(records) },
    bounds: {
      bounds: async (topic, ...since) => (await connections.bounds()).bounds(topic, ...since),
    },
    log: {
      read: async (topic, ...range) => {
        reader = await connections.log()
        return reader.read(topic, ...range)
      },
      identity: async topic => (await connections.log()).identity?.(topic),
      leave: (topic, ...place) => reader?.leave?.(topic, ...place),
    },
  }
}

/**
 * Returns the tracing of a function; undefined without a registered provider and without a variable of OpenTelemetry, in which case
 * neither the API nor the code for spans is loaded.
 *
 * @param name name of the consumer
 */
export async function createTracing(
  application: Application,
  env: string,
  name: string,
  observer: LambdaObserver,
) {
  const { trace: registered } = Reflect.get(globalThis, REGISTERED) ?? {}
  if (!registered && !isAnySet('OTEL_')) return undefined
  // A bundler leaves out what it cannot find, because of the `catch`: the package is optional.
  const api = await import('@opentelemetry/api').catch(() => undefined)
  if (!api) return observer.reportUntraced('@opentelemetry/api is not installed: install it, and build again')
  if (registered && api.trace.getTracerProvider() !== registered)
    return observer.reportUntraced(
      'the @opentelemetry/api of this function is newer than that of the SDK: install one of the same minor version or an older one',
    )
  const { BatchSpans } = await import('../adapters/opentelemetry/batch-spans.ts')
  return new BatchSpans(api, { application, env, name })
}
