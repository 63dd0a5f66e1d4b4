/** Puts the parts together, once per cold start: what the handlers in `functions/` are made of. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { Context, ScheduledEvent } from 'aws-lambda'
import { KafkaPublisher } from './adapters/kafka/publisher.ts'
import { LambdaObserver } from './adapters/lambda/observer.ts'
import { telemetryOf } from './adapters/lambda/telemetry.ts'
import type { RedisClient } from './adapters/redis/client.ts'
import { RedisStateStore } from './adapters/redis/state-store.ts'
import { type Config, readConfig } from './config.ts'
import { connectKafka, connectRedis } from './connections.ts'
import type { KeyedProcess } from './domain/process.ts'
import { consume } from './pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer } from './pipeline/consumer.ts'
import type { KafkaEvent } from './pipeline/receive.ts'
import type { BatchResponse } from './pipeline/respond.ts'

/** A process as it stands, or made from the configuration when the function starts. */
type ProcessSource<State, Data> =
  | KeyedProcess<State, Data>
  | ((config: Config) => KeyedProcess<State, Data> | Promise<KeyedProcess<State, Data>>)

/** The settings of the pipeline that a consumer may choose for itself. */
type Choices = Partial<Pick<Consumer, 'failuresTo'>>

/** A Kafka-triggered handler that runs a keyed process: the whole of what a consumer's `handler.ts` needs. */
export function keyedConsumer<State, Data>(
  name: string,
  source: ProcessSource<State, Data>,
  choices: Choices = {},
) {
  const { logger, metrics } = telemetryOf(name)
  const observer = new LambdaObserver(logger, metrics)
  const start = once(async () => {
    const config = readConfig()
    const process = typeof source === 'function' ? await source(config) : source
    const store = new RedisStateStore(await connectRedis(config))
    const publisher = new KafkaPublisher(await connectKafka(config, name))
    const { env, contentMode, idWindowMs, futureToleranceMs, partialResponses } = config
    const consumer: Consumer = {
      ...CONSUMER_DEFAULTS,
      ...choices,
      process: process as KeyedProcess<unknown>,
      env,
      contentMode,
      idWindowMs,
      futureToleranceMs,
    }
    return { consumer, ports: { store, publisher, observer }, partialResponses }
  })
  return middy<KafkaEvent, BatchResponse, Error, Context>()
    .use(injectLambdaContext(logger))
    .use({ after: () => observer.flush(), onError: () => observer.flush() })
    .handler(async (event, context) => {
      const { consumer, ports, partialResponses } = await start()
      return consume(consumer, ports, event, {
        remainingMs: () => context.getRemainingTimeInMillis(),
        partialResponses,
      })
    })
}

/** What a scheduled function works with. */
export interface Scheduled {
  readonly config: Config
  readonly publisher: KafkaPublisher
  /** RFC 3339: when the schedule fired, which a repeated run shares with the first; the present where none did. */
  readonly scheduledFor: string
  /** Connects on first use: not every scheduled function needs it. */
  readonly redis: () => Promise<RedisClient>
}

/** A schedule-triggered handler; what `run` returns is logged as the run's result. */
export function scheduled(name: string, run: (runtime: Scheduled) => Promise<object>) {
  const { logger } = telemetryOf(name)
  const start = once(async () => {
    const config = readConfig()
    const publisher = new KafkaPublisher(await connectKafka(config, name))
    return { config, publisher, redis: once(() => connectRedis(config)) }
  })
  return middy<ScheduledEvent, object, Error, Context>()
    .use(injectLambdaContext(logger))
    .handler(async event => {
      const scheduledFor = event?.time ?? new Date().toISOString()
      const result = await run({ ...(await start()), scheduledFor })
      logger.info('done', { result })
      return result
    })
}

/** Makes it at the first call and keeps it; what failed is made anew at the next. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch(error => {
      made = undefined
      throw error
    })
    return made
  }
}
