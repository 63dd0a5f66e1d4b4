/** Reads all settings at once, for commands and tests. Functions read only the settings that they use. */

import type { Environment } from '#runtime/settings/index.ts'
import {
  ALERTS_TOPIC,
  CLOCK,
  CONSOLE,
  CONSUMER,
  type CombinedParts,
  FAILURES,
  FAMILIES,
  FAMILY_FILES,
  GENERAL,
  GENERATOR,
  HISTORY,
  INPUTS,
  KAFKA,
  LOCAL_PORTS,
  LOGGING,
  NAMES,
  NOTIFICATIONS,
  ON_FAILURE,
  PARTITION_KEY,
  PRODUCER,
  RECEIVERS,
  REDIS,
  REGISTRY,
  RULES,
  readSettings,
  SERIALIZATION,
  STORAGE,
  TRACING,
  VIEWS,
} from './settings/index.ts'

const SHOWN = [
  GENERAL,
  NAMES,
  CLOCK,
  KAFKA,
  REDIS,
  REGISTRY,
  CONSUMER,
  SERIALIZATION,
  RULES,
  VIEWS,
  NOTIFICATIONS,
  FAILURES,
  INPUTS,
  GENERATOR,
  PRODUCER,
  PARTITION_KEY,
  HISTORY,
  STORAGE,
  RECEIVERS,
  ALERTS_TOPIC,
  ON_FAILURE,
  CONSOLE,
  TRACING,
] as const

const READ = [FAMILIES, ...SHOWN] as const

/** All settings of the functions, in the order of the documentation. */
export const SLICES = [FAMILY_FILES, ...SHOWN, LOGGING] as const

export type Config = CombinedParts<typeof READ>

/**
 * Reads all settings, and the families.
 *
 * @throws ConfigError that lists every missing or invalid variable; FileError with the errors of the families
 */
export function readConfig(environment?: Environment): Config {
  return readSettings(READ, environment)
}

/**
 * Returns the environment, with the servers of `npm start` as defaults. Only commands on a developer's machine may use these
 * defaults. A function with a missing variable would otherwise connect to the wrong servers.
 *
 * @throws ConfigError for an invalid port
 */
export function localEnvironment(environment: Environment): Environment {
  const { KAFKA_BROKERS, MSK_CLUSTER_ARN, EVENT_HUBS_CONN_STR, REDIS_URL } = environment
  const { kafkaPort, redisPort } = readSettings([LOCAL_PORTS], environment)
  const hasKafka = KAFKA_BROKERS || MSK_CLUSTER_ARN || EVENT_HUBS_CONN_STR
  const kafka = hasKafka ? {} : { KAFKA_BROKERS: `127.0.0.1:${kafkaPort}` }
  const redis = REDIS_URL ? {} : { REDIS_URL: `redis://127.0.0.1:${redisPort}` }
  return { ...environment, ...kafka, ...redis }
}
