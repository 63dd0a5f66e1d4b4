import { resolve } from 'node:path'
import { isPortInUse, type WantedPort } from '#local-servers/ports'
import type { KafkaPlace } from '#local-servers/server-place'
import { slice } from '#runtime/settings'
import {
  type Environment,
  HISTORY,
  KAFKA,
  LOCAL_PORTS,
  REDIS,
  REGISTRY,
  readSettings,
} from '../lib/app/settings/index.ts'
import { DATA_DIR, LOGS_DIR } from '../scripts/paths.ts'
import { LOCAL_CLOUD } from '../scripts/stack-settings.ts'
import type { ServicesOptions } from './services/services-options.ts'

/** Addresses of servers that may already exist. The functions use the same environment variables. */
const SERVERS = slice(
  'Servers that run already',
  {
    KAFKA_BROKERS: KAFKA.settings.KAFKA_BROKERS,
    REDIS_URL: REDIS.settings.REDIS_URL,
    AWS_ENDPOINT_URL: HISTORY.settings.AWS_ENDPOINT_URL,
    SCHEMA_REGISTRY_URL: REGISTRY.settings.SCHEMA_REGISTRY_URL,
  },
  ({ KAFKA_BROKERS, REDIS_URL, AWS_ENDPOINT_URL, SCHEMA_REGISTRY_URL }) => ({
    kafka: KAFKA_BROKERS?.join(','),
    valkey: REDIS_URL,
    aws: AWS_ENDPOINT_URL,
    registry: SCHEMA_REGISTRY_URL,
  }),
)

/**
 * Returns the locations of the servers from the environment: the address of an existing server, or else a configured port, or else
 * the default port.
 *
 * @param hasRegistry true to start a schema registry. An existing one is always used.
 * @throws ConfigError for an invalid address or port
 */
export function placesFromEnvironment(
  env: Environment,
  hasRegistry = false,
): Pick<ServicesOptions, 'kafka' | 'valkey' | 'aws' | 'registry'> {
  const { kafka, valkey, aws, registry, ...ports } = readSettings([SERVERS, LOCAL_PORTS], env)
  return {
    kafka: kafka === undefined ? { port: ports.kafkaPort } : { address: kafka },
    valkey: valkey === undefined ? { port: ports.redisPort } : { address: valkey },
    aws: aws === undefined ? { port: ports.awsPort } : { address: aws },
    ...(registry === undefined ? {} : { registry: { address: registry } }),
    ...(registry === undefined && hasRegistry ? { registry: { port: ports.registryPort } } : {}),
  }
}

/** Matches a broker on this machine. */
const LOOPBACK_BROKER = /^(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)$/

/**
 * Returns the location of Kafka. Named brokers are started if all of them are on this machine, take connections without
 * authentication, and nothing listens on their ports. A settings file can therefore name the address of the local Kafka.
 */
export async function locateKafka(
  place: KafkaPlace,
  { KAFKA_AUTH }: Environment,
  isInUse: (port: number) => Promise<boolean> = isPortInUse,
): Promise<KafkaPlace> {
  if (!('address' in place) || (KAFKA_AUTH?.trim() || 'none') !== 'none') return place
  const ports = place.address
    .split(',')
    .map(broker => Number(LOOPBACK_BROKER.exec(broker)?.[1] ?? Number.NaN))
  const [port] = ports
  if (port === undefined || ports.some(Number.isNaN)) return place
  for (const port of ports) if (await isInUse(port)) return place
  return { port, further: ports.slice(1) }
}

/** Returns the port of serverless-offline. It opens no other port, because the functions have no HTTP events. */
export function lambdaPort(env: Environment): WantedPort {
  const { lambdaPort } = readSettings([LOCAL_PORTS], env)
  return { port: lambdaPort, variable: 'LAMBDA_PORT', title: "Lambda's endpoint" }
}

/** Returns the ports of the console. */
export function consolePorts(env: Environment) {
  const { consolePort, kafkaUiPort, ksqlPort } = readSettings([LOCAL_PORTS], env)
  return { consolePort, kafkaUiPort, ksqlPort }
}

/** Returns the folders for data and logs. SLUICE_DATA_DIR selects other folders, so that two runs do not share data. */
export function foldersFromEnvironment(env: Environment): { dataDir: string; logsDir: string } {
  const { dataDir } = readSettings([LOCAL_CLOUD], env)
  return dataDir
    ? { dataDir: resolve(dataDir), logsDir: resolve(dataDir, 'logs') }
    : { dataDir: DATA_DIR, logsDir: LOGS_DIR }
}
