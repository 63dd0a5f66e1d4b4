import type { KafkaPlace } from '#local-servers/server-place'
import {
  checkExisting,
  KAFKA,
  type PlacedService,
  resolveAddress,
  type Service,
  startPlaced,
  VALKEY,
} from '#local-servers/services'
import { localRegistryUrl } from '../lib/app/settings/local-ports.ts'
import { DATA_DIR, LOCAL, LOGS_DIR } from '../scripts/paths.ts'
import { UserError } from '../scripts/user-error.ts'
import { SERVICE_NAMES, type ServerName, type ServiceName } from './service-report.ts'
import { awsServer } from './services/aws.ts'
import { awsAnswers, registryAnswers } from './services/http-probes.ts'
import { registryServer } from './services/registry.ts'
import type { ServicesOptions } from './services/services-options.ts'

export interface Addresses {
  readonly brokers: readonly string[]
  readonly redisUrl: string
  readonly awsEndpoint: string
  /** URL of the schema registry; absent without a registry. */
  readonly registryUrl?: string
}

export interface Services extends Addresses {
  /** Stops the servers that this process started, and waits until they have ended. */
  stop(): Promise<void>
  /** Sends a signal (SIGKILL by default) to a server and waits until it has ended. */
  kill(name: ServerName, signal?: NodeJS.Signals): Promise<void>
  /** Restarts a server with the same data, and waits until it is ready. */
  restart(name: ServerName): Promise<void>
}

const SERVICES: Readonly<Record<ServiceName, Service>> = {
  kafka: KAFKA,
  valkey: VALKEY,
  aws: {
    name: 'aws',
    variable: 'AWS_ENDPOINT_URL',
    at: port => `http://127.0.0.1:${port}`,
    answers: awsAnswers,
    servers: (ports, folders) => ports.map(port => awsServer({ port, ...folders })),
  },
  registry: {
    name: 'registry',
    variable: 'SCHEMA_REGISTRY_URL',
    at: localRegistryUrl,
    answers: registryAnswers,
    servers: (ports, folders) => ports.map(port => registryServer({ port, ...folders })),
  },
}

/** Returns the environment variables with which other programs find the servers. */
export function serviceEnvironment(addresses: Addresses): Record<string, string> {
  const { brokers, redisUrl, awsEndpoint, registryUrl } = addresses
  return {
    [SERVICES.kafka.variable]: brokers.join(','),
    [SERVICES.valkey.variable]: redisUrl,
    [SERVICES.aws.variable]: awsEndpoint,
    ...(registryUrl ? { [SERVICES.registry.variable]: registryUrl } : {}),
    SLUICE_ONE_MACHINE: 'on',
  }
}

/** Returns the addresses of all servers, whether they already exist or will be started. */
export function resolveAddresses({
  kafka,
  valkey,
  aws,
  registry,
}: Pick<ServicesOptions, ServiceName>): Addresses {
  const addressAt = (name: ServiceName, place: KafkaPlace) =>
    resolveAddress({ service: SERVICES[name], place })
  return {
    brokers: addressAt('kafka', kafka).split(','),
    redisUrl: addressAt('valkey', valkey),
    awsEndpoint: addressAt('aws', aws),
    ...(registry ? { registryUrl: addressAt('registry', registry) } : {}),
  }
}

/**
 * Starts Kafka, Valkey, LocalStack and, if requested, the schema registry concurrently. Servers that already run elsewhere are not
 * started. If any server fails to start, all others are stopped and the error contains the reason.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const report = options.report ?? (() => {})
  const placed = SERVICE_NAMES.flatMap((name): PlacedService[] => {
    const place = options[name]
    return place ? [{ service: SERVICES[name], place }] : []
  })
  await checkExisting(placed, report)
  const { byName, stop } = await startPlaced(placed, {
    dataDir: DATA_DIR,
    cacheDir: LOCAL,
    logsDir: LOGS_DIR,
    signal: new AbortController().signal,
    ...options,
    report,
  })
  const requireServer = (name: ServerName) => {
    const server = byName.get(name)
    if (server) return server
    throw new UserError(
      `${name} was not started here. Started here: ${[...byName.keys()].join(', ') || 'nothing'}.`,
    )
  }
  return {
    ...resolveAddresses(options),
    stop,
    kill: (name, signal = 'SIGKILL') => requireServer(name).kill(signal),
    restart: name => requireServer(name).restart(),
  }
}
