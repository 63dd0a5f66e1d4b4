import { resolve } from 'node:path'
import {
  type Environment,
  HISTORY,
  KAFKA,
  LOCAL_PORTS,
  REDIS,
  REGISTRY,
  readSettings,
} from '../lib/app/settings/index.ts'
import { slice } from '../packages/runtime/settings/slice.ts'
import { LAST_PORT } from '../packages/runtime/settings/values.ts'
import { LOCAL_CLOUD } from '../programs/local-cloud.ts'
import { DATA_DIR, LOGS_DIR } from '../programs/paths.ts'
import { UserError } from '../programs/user-error.ts'
import type { BrokerCount } from './services/kafka-data.ts'
import type { KafkaPlace, ServicesOptions } from './services/options.ts'
import type { WantedPort } from './services/ports.ts'

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
 * @param brokers number of brokers, on consecutive ports; undefined if not specified
 * @throws ConfigError for an invalid address or port
 * @throws UserError if a number of brokers is combined with an existing address
 */
export function placesFromEnvironment(
  env: Environment,
  brokers?: BrokerCount,
  hasRegistry = false,
): Pick<ServicesOptions, 'kafka' | 'valkey' | 'aws' | 'registry'> {
  const { kafka, valkey, aws, registry, ...ports } = readSettings([SERVERS, LOCAL_PORTS], env)
  return {
    kafka: kafkaPlace(kafka, ports.kafkaPort, brokers),
    valkey: valkey === undefined ? { port: ports.redisPort } : { address: valkey },
    aws: aws === undefined ? { port: ports.awsPort } : { address: aws },
    ...(registry === undefined ? {} : { registry: { address: registry } }),
    ...(registry === undefined && hasRegistry ? { registry: { port: ports.registryPort } } : {}),
  }
}

/** Returns the port of serverless-offline. It opens no other port, because the functions have no HTTP events. */
export function lambdaPort(env: Environment): WantedPort {
  const { lambdaPort } = readSettings([LOCAL_PORTS], env)
  return { port: lambdaPort, variable: 'LAMBDA_PORT', title: "Lambda's endpoint" }
}

/** Returns the ports of the console. */
export function consolePorts(env: Environment): { consolePort: number; kafkaUiPort: number } {
  const { consolePort, kafkaUiPort } = readSettings([LOCAL_PORTS], env)
  return { consolePort, kafkaUiPort }
}

/** Returns the folders for data and logs. SLUICE_DATA_DIR selects other folders, so that two runs do not share data. */
export function foldersFromEnvironment(env: Environment): { dataDir: string; logsDir: string } {
  const { dataDir } = readSettings([LOCAL_CLOUD], env)
  return dataDir
    ? { dataDir: resolve(dataDir), logsDir: resolve(dataDir, 'logs') }
    : { dataDir: DATA_DIR, logsDir: LOGS_DIR }
}

function kafkaPlace(
  address: string | undefined,
  first: number,
  brokers: BrokerCount | undefined,
): KafkaPlace {
  if (brokers === undefined) return address === undefined ? { port: first } : { address }
  if (address !== undefined)
    throw new UserError(
      `--brokers sets the number of brokers to start, but KAFKA_BROKERS refers to existing ones. Omit --brokers, ` +
        'or unset KAFKA_BROKERS.',
    )
  if (brokers === 1) return { port: first }
  const further = Array.from({ length: brokers - 1 }, (_, index) => first + 1 + index)
  if (further.every(port => port <= LAST_PORT)) return { port: first, further }
  throw new UserError(
    `KAFKA_PORT is "${first}", but ${brokers} brokers need as many consecutive ports. Set a lower port.`,
  )
}
