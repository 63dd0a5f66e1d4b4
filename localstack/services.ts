import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { localRegistryUrl } from '../lib/app/settings/local-ports.ts'
import { DATA_DIR, LOGS_DIR } from '../programs/paths.ts'
import { UserError } from '../programs/user-error.ts'
import { startContainers } from './docker.ts'
import { type Report, SERVICE_NAMES, type ServerName, type ServiceName } from './report.ts'
import { awsServer } from './services/aws.ts'
import type { Server } from './services/definition.ts'
import { kafkaServers } from './services/kafka.ts'
import { foldersOfOthers, requireSameBrokers } from './services/kafka-data.ts'
import { brokerPorts, type KafkaPlace, type Place, type ServicesOptions } from './services/options.ts'
import { endOrphan } from './services/orphans.ts'
import { LOOPBACK, requireFreePorts } from './services/ports.ts'
import { awsAnswers, kafkaAnswers, redisAnswers, registryAnswers } from './services/probes.ts'
import { registryServer } from './services/registry.ts'
import { type RunningServer, startServer } from './services/server.ts'
import { valkeyServer } from './services/valkey.ts'

/** Addresses of the servers. */
export interface Addresses {
  readonly brokers: readonly string[]
  readonly redisUrl: string
  readonly awsEndpoint: string
  /** Absent if there is no schema registry. */
  readonly registryUrl?: string
}

/** The running servers. */
export interface Services extends Addresses {
  /** Stops the servers that were started here, and waits until they have ended. */
  stop(): Promise<void>
  /** Sends a signal (SIGKILL by default) to one server and waits until it has ended. */
  kill(name: ServerName, signal?: NodeJS.Signals): Promise<void>
  /** Restarts one server with the same data, and waits until it is ready. */
  restart(name: ServerName): Promise<void>
}

/** The variables with which all other programs find the servers. */
export function serviceEnvironment({
  brokers,
  redisUrl,
  awsEndpoint,
  registryUrl,
}: Addresses): Record<string, string> {
  return {
    KAFKA_BROKERS: brokers.join(','),
    REDIS_URL: redisUrl,
    AWS_ENDPOINT_URL: awsEndpoint,
    ...(registryUrl ? { SCHEMA_REGISTRY_URL: registryUrl } : {}),
  }
}

/** Addresses of servers that run already or are going to be started. */
export function addressesOf({
  kafka,
  valkey,
  aws,
  registry,
}: Pick<ServicesOptions, 'kafka' | 'valkey' | 'aws' | 'registry'>): Addresses {
  return {
    brokers: brokersAt(kafka),
    redisUrl: addressOf('valkey', valkey),
    awsEndpoint: addressOf('aws', aws),
    ...(registry ? { registryUrl: registryUrlOf(registry) } : {}),
  }
}

/**
 * Starts Kafka, Valkey, LocalStack and the schema registry that is asked for concurrently, except those that are already running elsewhere. Either all become
 * ready, or nothing is left running and one error says why.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const report = options.report ?? (() => {})
  await Promise.all(SERVICE_NAMES.map(name => checkUsed(name, options[name], report)))
  const start = options.docker ? startContainers : startServers
  const running: ReadonlyMap<ServerName, RunningServer> = await start(options, report)
  const here = (name: ServerName) => {
    const server = running.get(name)
    if (server) return server
    throw new UserError(
      `${name} was not started here. Started here: ${[...running.keys()].join(', ') || 'nothing'}.`,
    )
  }
  return {
    ...addressesOf(options),
    stop: () => stopAll(running),
    kill: (name, signal = 'SIGKILL') => here(name).kill(signal),
    restart: name => here(name).restart(),
  }
}

/** The variables that name a running server. */
const VARIABLES = {
  kafka: 'KAFKA_BROKERS',
  valkey: 'REDIS_URL',
  aws: 'AWS_ENDPOINT_URL',
  registry: 'SCHEMA_REGISTRY_URL',
} as const
const SCHEMES = { kafka: '', valkey: 'redis://', aws: 'http://' } as const
const PROBES = {
  kafka: kafkaAnswers,
  valkey: redisAnswers,
  aws: awsAnswers,
  registry: registryAnswers,
} as const

function registryUrlOf(place: Place): string {
  return 'address' in place ? place.address : localRegistryUrl(place.port)
}

function addressOf(name: 'valkey' | 'aws', place: Place): string {
  return 'address' in place ? place.address : `${SCHEMES[name]}${LOOPBACK}:${place.port}`
}

function brokersAt(place: KafkaPlace): string[] {
  if ('address' in place) return place.address.split(',')
  return brokerPorts(place).map(port => `${LOOPBACK}:${port}`)
}

async function checkUsed(name: ServiceName, place: Place | undefined, report: Report): Promise<void> {
  if (!place || !('address' in place)) return
  const beganAtMs = Date.now()
  if (!(await PROBES[name](place.address))) {
    throw new UserError(
      `${VARIABLES[name]} names ${withoutPassword(place.address)}, but nothing answers there. Start it, or unset ` +
        `${VARIABLES[name]} to start one here.`,
    )
  }
  report({ service: name, state: 'used', detail: withoutPassword(place.address), ms: Date.now() - beganAtMs })
}

function withoutPassword(address: string): string {
  return address.replace(/:\/\/[^@/]*@/, '://***@')
}

async function startServers(
  options: ServicesOptions,
  report: Report,
): Promise<Map<ServerName, RunningServer>> {
  const { dataDir = DATA_DIR, logsDir = LOGS_DIR } = options
  const servers = serversToStart(options, dataDir)
  const brokers = brokerPorts(options.kafka).length
  const others = brokers > 0 ? foldersOfOthers(dataDir, brokers) : []
  for (const server of [...servers, ...others]) await endOrphan(server, report)
  if (brokers > 0 && !options.fresh) requireSameBrokers(dataDir, brokers)
  await requireFreePorts(servers)
  if (options.fresh)
    for (const { dir } of [...servers, ...others]) await rm(dir, { recursive: true, force: true })
  for (const { name } of servers) await rm(join(logsDir, `${name}.log`), { force: true })
  const failed = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
  const running = new Map<ServerName, RunningServer>()
  const starts = servers.map(async server => {
    const logFile = join(logsDir, `${server.name}.log`)
    try {
      const context = { report, signal, logsDir, logFile, revive: options.revive ?? false }
      running.set(server.name, await startServer(server, context))
    } catch (error) {
      // The first failure aborts the other starts, and its reason is the one that is thrown.
      failed.abort(error)
    }
  })
  await Promise.all(starts)
  if (!signal.aborted) return running
  await stopAll(running)
  throw signal.reason
}

function serversToStart(options: ServicesOptions, dataDir: string): Server[] {
  const { kafka, valkey, aws, registry, kafkaVersion } = options
  const servers = kafkaServers({ ports: brokerPorts(kafka), dataDir, version: kafkaVersion })
  if ('port' in valkey) servers.push(valkeyServer({ port: valkey.port, dataDir }))
  if ('port' in aws) servers.push(awsServer({ port: aws.port, dataDir }))
  if (registry && 'port' in registry) servers.push(registryServer({ port: registry.port, dataDir }))
  return servers
}

async function stopAll(running: ReadonlyMap<ServerName, RunningServer>): Promise<void> {
  await Promise.all([...running.values()].map(server => server.stop()))
}
