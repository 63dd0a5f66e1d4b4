/** Creates Kafka-triggered handlers. */
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { LambdaObserver } from '../adapters/lambda/observer.ts'
import { createTelemetry, logsContext, reportInvocation } from '../adapters/lambda/telemetry.ts'
import type { Application, ConfiguredApplication } from '../consumer/application.ts'
import type { AuthoredSink } from '../consumer/authored-application.ts'
import type { AuthoredProcess } from '../consumer/define-process.ts'
import type { SegmentSink } from '../consumer/segment-sink.ts'
import type { Sink } from '../consumer/sink.ts'
import type { KafkaEvent } from '../pipeline/batch/receive.ts'
import type { BatchResponse } from '../pipeline/batch/respond.ts'
import type { Slice } from '../settings/slice.ts'
import { once } from '../waiting/index.ts'
import { buildWritingConsumer, type HandlerPlan } from './build-consumer.ts'
import { refuseCommonJs } from './bundle-version.ts'
import type { Choices, InvocationContext, KafkaHandler, WorkSource } from './handler-types.ts'
import { adaptHeap } from './heap-growth.ts'
import { startKafkaRuntime } from './kafka-runtime.ts'
import { closeConnections, flushSpans, processBatch, Releasable, withRuntime } from './process-batch.ts'

/**
 * Creates a Kafka-triggered handler that runs a process or a sink. The handler reads its settings from the environment. Initialization that
 * is needed once per cold start is done while the function loads.
 *
 * @param consumer what `application().process()` or `.sink()` has created, which includes its application
 * @throws ConfigError when the handler is called, naming every missing or invalid setting
 */
export function kafkaHandler<State>(
  consumer: AuthoredProcess<State> | AuthoredSink<Sink<never> | SegmentSink<never>>,
  choices?: Choices<readonly []>,
): KafkaHandler
/**
 * Creates a Kafka-triggered handler that runs a process or a sink which is made from settings.
 *
 * @param application application with the topics and the reader of event data, or what builds it from the settings
 * @param name name of the function, which must equal the name of the process or sink
 * @param source the process or sink, or a function that creates it from its settings
 * @throws ConfigError when the handler is called, naming every missing or invalid setting
 */
export function kafkaHandler<State, Data, const Slices extends readonly Slice[] = readonly []>(
  application: Application | ConfiguredApplication,
  name: string,
  source: WorkSource<State, Data, Slices>,
  choices?: Choices<Slices>,
): KafkaHandler
export function kafkaHandler(...given: Authored | Named): KafkaHandler {
  if (isAuthored(given)) {
    const [consumer, choices = {}] = given
    const { application, name } = consumer
    return createHandler({ application, name, source: consumer, choices })
  }
  const [application, name, source, choices = {}] = given
  return createHandler({ application, name, source, choices })
}

type AuthoredConsumer = AuthoredProcess<unknown> | AuthoredSink<Sink<never> | SegmentSink<never>>
type Authored = [consumer: AuthoredConsumer, choices?: Choices<readonly []> | undefined]
type Named = [
  application: Application | ConfiguredApplication,
  name: string,
  source: HandlerPlan['source'],
  choices?: HandlerPlan['choices'] | undefined,
]

function isAuthored(given: Authored | Named): given is Authored {
  return 'application' in given[0]
}

function createHandler(plan: HandlerPlan): KafkaHandler {
  const { application, name } = plan
  refuseCommonJs(name, plan.choices.codeVersion)
  adaptHeap()
  const { logger, metrics } = createTelemetry(name, application.name)
  const observer = new LambdaObserver(logger, metrics, Date.now, application.remedies)
  const start = once(() => startKafkaRuntime(plan, metrics, observer))
  // Start while the function loads, so that the first batch does not wait. If this fails, the first
  // invocation tries again and reports the error.
  start().catch(() => {})
  const invoke = middy<Releasable<KafkaEvent>, BatchResponse, Error, Context>()
    .use(logsContext(logger))
    .use({ before: adaptHeap })
    .use(reportInvocation(observer))
    .handler(withRuntime(start, closeConnections(flushSpans(processBatch))))
  // Only Powertools reads more of the context than an `InvocationContext` has, and Lambda always passes the whole.
  const handler = (event: KafkaEvent, context: InvocationContext) =>
    invoke(new Releasable(event), context as Context)
  const consumer: KafkaHandler['consumer'] = environment => buildWritingConsumer(plan, environment)
  return Object.assign(handler, { application, start, consumer })
}
