/** Builds the consumer of a Kafka-triggered handler from its settings, without connecting to Kafka or Redis. */
import { type Application, type ConfiguredApplication, resolveApplication } from '../consumer/application.ts'
import { requireSameName } from '../consumer/author-errors.ts'
import { assertFits } from '../pipeline/check-definition.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from '../pipeline/consumer.ts'
import { consumerSettings } from '../settings/consumer.ts'
import { generalSettings } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import { type CombinedParts, readSettings } from '../settings/read-settings.ts'
import { REDIS } from '../settings/redis.ts'
import { REGISTRY } from '../settings/registry.ts'
import { SERIALIZATION } from '../settings/serialization.ts'
import type { Environment, Slice } from '../settings/slice.ts'
import { configureDataReader } from './configured-reader.ts'
import type { Choices, WorkSource } from './handler-types.ts'
import { readyToWrite } from './ready-to-write.ts'

/** Arguments of a Kafka-triggered handler. */
export interface HandlerPlan {
  readonly application: Application | ConfiguredApplication
  /** Name of the function, which must equal the name of the process or sink. */
  readonly name: string
  readonly source: WorkSource<unknown, unknown, readonly Slice[]>
  readonly choices: Choices<readonly Slice[]>
}

/** Settings that every consumer reads. */
const listSlices = (application: string) => {
  const own = [generalSettings(application), consumerSettings(application)] as const
  return [...own, KAFKA, REDIS, REGISTRY, SERIALIZATION] as const
}

export type ConsumerConfig = CombinedParts<ReturnType<typeof listSlices>>

/** Reads the settings of a handler. @throws ConfigError that names every missing or invalid setting */
export function readConsumerConfig(
  { application, choices }: HandlerPlan,
  environment?: Environment,
): ConsumerConfig {
  return readSettings([...listSlices(application.name), ...(choices.slices ?? [])], environment)
}

/** Builds the consumer of a handler. @throws ConfigError if the process has another name, or an invalid definition */
export async function buildConsumer(plan: HandlerPlan, config: ConsumerConfig): Promise<Consumer> {
  const { name, source, choices } = plan
  const application = resolveApplication(plan.application, config)
  const process = typeof source === 'function' ? await source(config) : source
  requireSameName('consumer', name, process.name)
  assertFits(application, process)
  const readForeign = await choices.foreignReader?.(config)
  const reading = readForeign === undefined ? application : { ...application, readForeign }
  return createConsumer(reading, config, process, choices)
}

/** Builds the consumer with its data writer, as it would run with these settings. @throws Unavailable if a registry does not respond */
export async function buildWritingConsumer(plan: HandlerPlan, environment: Environment): Promise<Consumer> {
  const config = readConsumerConfig(plan, environment)
  const { consumer, unavailable } = await readyToWrite(await buildConsumer(plan, config), config)()
  if (unavailable) throw unavailable
  return consumer
}

function createConsumer(
  application: Application,
  config: ConsumerConfig,
  process: Process,
  choices: HandlerPlan['choices'],
): Consumer {
  const { env, contentMode, idWindowMs, failureBytes, newEntities, futureToleranceMs } = config
  const { earliestTimeMs, oldestMs, sinceMs, emitters, logTime } = config
  return {
    ...CONSUMER_DEFAULTS,
    application,
    reader: configureDataReader(application, config),
    failuresTo: choices.failuresTo ?? application.failuresTopic,
    reserveMs: choices.reserveMs ?? CONSUMER_DEFAULTS.reserveMs,
    process,
    env,
    contentMode,
    idWindowMs,
    failureBytes,
    newEntities,
    futureToleranceMs,
    earliestTimeMs,
    oldestMs,
    logTime,
    emitters,
    ...(sinceMs === undefined ? {} : { sinceMs }),
  }
}
