import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { kafkaServers } from '#local-servers/kafka.ts'
import { LOOPBACK, requireFreePorts } from '#local-servers/ports.ts'
import { awsAnswers, kafkaAnswers, redisAnswers, registryAnswers } from '#local-servers/probes.ts'
import { processStart } from '#local-servers/process-start.ts'
import type { Server } from '#local-servers/server-definition.ts'
import { type RunningServers, startTogether } from '#local-servers/start-server.ts'
import { valkeyServer } from '#local-servers/valkey.ts'
import { localRegistryUrl } from '../lib/app/settings/local-ports.ts'
import { DATA_DIR, LOGS_DIR } from '../scripts/paths.ts'
import { UserError } from '../scripts/user-error.ts'
import { startContainers } from './docker.ts'
import { type Report, SERVICE_NAMES, type ServerName, type ServiceName } from './service-report.ts'
import { awsServer } from './services/aws.ts'
import { registryServer } from './services/registry.ts'
import {
  type KafkaPlace,
  portsAt,
  type ServerPlace,
  type ServicesOptions,
} from './services/services-options.ts'

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

interface Service {
  /** Environment variable with the address of an existing server. */
  readonly variable: string
  /** Returns the address of a server on a local port. */
  at(port: number): string
  /** Returns true if the server at an address is ready. */
  answers(address: string): Promise<boolean>
  servers(ports: readonly number[], dataDir: string, options: ServicesOptions): Server[]
}

const SERVICES: Readonly<Record<ServiceName, Service>> = {
  kafka: {
    variable: 'KAFKA_BROKERS',
    at: port => `${LOOPBACK}:${port}`,
    answers: kafkaAnswers,
    servers: (ports, dataDir, { kafkaVersion }) => kafkaServers({ ports, dataDir, version: kafkaVersion }),
  },
  valkey: {
    variable: 'REDIS_URL',
    at: port => `redis://${LOOPBACK}:${port}`,
    answers: redisAnswers,
    servers: (ports, dataDir) => ports.map(port => valkeyServer({ port, dataDir })),
  },
  aws: {
    variable: 'AWS_ENDPOINT_URL',
    at: port => `http://${LOOPBACK}:${port}`,
    answers: awsAnswers,
    servers: (ports, dataDir) => ports.map(port => awsServer({ port, dataDir })),
  },
  registry: {
    variable: 'SCHEMA_REGISTRY_URL',
    at: localRegistryUrl,
    answers: registryAnswers,
    servers: (ports, dataDir) => ports.map(port => registryServer({ port, dataDir })),
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
  }
}

/** Returns the addresses of all servers, whether they already exist or will be started. */
export function resolveAddresses({
  kafka,
  valkey,
  aws,
  registry,
}: Pick<ServicesOptions, ServiceName>): Addresses {
  return {
    brokers: resolveAddress('kafka', kafka).split(','),
    redisUrl: resolveAddress('valkey', valkey),
    awsEndpoint: resolveAddress('aws', aws),
    ...(registry ? { registryUrl: resolveAddress('registry', registry) } : {}),
  }
}

function resolveAddress(name: ServiceName, place: KafkaPlace): string {
  return 'address' in place ? place.address : portsAt(place).map(SERVICES[name].at).join(',')
}

/**
 * Starts Kafka, Valkey, LocalStack and, if requested, the schema registry concurrently. Servers that already run elsewhere are not
 * started. If any server fails to start, all others are stopped and the error contains the reason.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const report = options.report ?? (() => {})
  await Promise.all(SERVICE_NAMES.map(name => checkUsed(name, options[name], report)))
  const start = options.docker ? startContainers : startServers
  const { byName, stop } = await start(options, report)
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

async function checkUsed(name: ServiceName, place: ServerPlace | undefined, report: Report): Promise<void> {
  if (!place || !('address' in place)) return
  const beganAtMs = Date.now()
  const { variable, answers } = SERVICES[name]
  const detail = place.address.replace(/:\/\/[^@/]*@/, '://***@')
  if (!(await answers(place.address))) {
    throw new UserError(
      `${variable} is set to ${detail}, but no server responds there. Start that server, or unset ${variable} to start a local one.`,
    )
  }
  report({ service: name, state: 'used', detail, ms: Date.now() - beganAtMs })
}

async function startServers(options: ServicesOptions, report: Report): Promise<RunningServers> {
  const { dataDir = DATA_DIR, logsDir = LOGS_DIR, fresh } = options
  const servers = SERVICE_NAMES.flatMap(name =>
    SERVICES[name].servers(portsAt(options[name]), dataDir, options),
  )
  await requireFreePorts(servers)
  const release = claimData(dataDir)
  if (fresh) for (const { dir } of servers) await rm(dir, { recursive: true, force: true })
  for (const { name } of servers) await rm(join(logsDir, `${name}.log`), { force: true })
  const signal = options.signal ?? new AbortController().signal
  try {
    const { byName, stop } = await startTogether(servers, { report, signal, logsDir })
    return { byName, stop: () => stop().finally(release) }
  } catch (error) {
    release()
    throw error
  }
}

/** Notes that this process uses a data folder. @throws UserError if another start uses it @returns a function that ends the claim */
function claimData(dataDir: string): () => void {
  const note = join(dataDir, 'used-by.json')
  const owner = existsSync(note) ? JSON.parse(readFileSync(note, 'utf8') || '{}') : {}
  if (owner.start !== undefined && processStart(owner.pid) === owner.start)
    throw new UserError(
      `The data in ${dataDir} is in use by servers that process ${owner.pid} has started. Stop it first (Ctrl-C in its terminal).`,
    )
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(note, JSON.stringify({ pid: process.pid, start: processStart(process.pid) }))
  return () => rmSync(note, { force: true })
}
