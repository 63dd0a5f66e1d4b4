/** Reads all settings at once, for commands, the local cloud, deployments and tests. Functions read only the settings that they use. */

import type { CombinedParts, Environment } from '#runtime/settings'
import * as settings from '../../lib/app/settings/index.ts'

/** All slices that `lib/app/settings/index.ts` exports, but for those that are read in another way. */
const { FAMILIES, FAMILY_FILES, LOCAL_PORTS, LOGGING, ONE_MACHINE, readSetting, readSettings, ...others } =
  settings

const READ = [FAMILIES, ...Object.values(others)]

/** All settings of the functions. */
export const SLICES = [FAMILY_FILES, LOGGING, ...Object.values(others)]

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
  const kafka = hasKafka ? {} : { KAFKA_BROKERS: `127.0.0.1:${kafkaPort}`, SLUICE_ONE_MACHINE: 'on' }
  const redis = REDIS_URL ? {} : { REDIS_URL: `redis://127.0.0.1:${redisPort}` }
  return { ...environment, ...kafka, ...redis }
}
