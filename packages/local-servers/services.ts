import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { kafkaServers } from './kafka.ts'
import { LOOPBACK, requireFreePorts, type WantedPort } from './ports.ts'
import { kafkaAnswers, redisAnswers } from './probes.ts'
import { processStart } from './process-start.ts'
import type { Report } from './report.ts'
import type { Server } from './server-definition.ts'
import { type KafkaPlace, portsAt, type ServerPlace } from './server-place.ts'
import { type RunningServers, startTogether } from './start-server.ts'
import { UserError } from './user-error.ts'
import { valkeyServer } from './valkey.ts'

/** Servers of one kind. */
export interface Service {
  readonly name: string
  /** Environment variable with the address of an existing server. */
  readonly variable: string
  /** Returns the address of a server on a local port. */
  at(port: number): string
  /** Returns true if the server at an address is ready. */
  answers(address: string): Promise<boolean>
  servers(ports: readonly number[], options: ServiceFolders): Server[]
}

/** Folders of servers, and the version of Kafka. */
interface ServiceFolders {
  readonly dataDir: string
  readonly cacheDir: string
  readonly kafkaVersion?: string | undefined
}

export const KAFKA: Service = {
  name: 'kafka',
  variable: 'KAFKA_BROKERS',
  at: port => `${LOOPBACK}:${port}`,
  answers: kafkaAnswers,
  servers: (ports, { kafkaVersion, ...folders }) =>
    kafkaServers({ ports, ...folders, version: kafkaVersion }),
}

export const VALKEY: Service = {
  name: 'valkey',
  variable: 'REDIS_URL',
  at: port => `redis://${LOOPBACK}:${port}`,
  answers: redisAnswers,
  servers: (ports, folders) => ports.map(port => valkeyServer({ port, ...folders })),
}

/** A service and where it is, or should be started. */
export interface PlacedService {
  readonly service: Service
  readonly place: KafkaPlace
}

/** Returns the address of a service, whether it already exists or will be started. */
export function resolveAddress({ service, place }: PlacedService): string {
  return 'address' in place ? place.address : portsAt(place).map(service.at).join(',')
}

/** Checks that services that already exist respond. @throws UserError naming the first one that does not */
export async function checkExisting(placed: readonly PlacedService[], report: Report): Promise<void> {
  await Promise.all(placed.map(({ service, place }) => checkUsed(service, place, report)))
}

async function checkUsed({ name, variable, answers }: Service, place: ServerPlace, report: Report) {
  if (!('address' in place)) return
  const beganAtMs = Date.now()
  const detail = place.address.replace(/:\/\/[^@/]*@/, '://***@')
  if (!(await answers(place.address))) {
    throw new UserError(
      `${variable} is set to ${detail}, but no server responds there. Start that server, or unset ${variable} to start a local one.`,
    )
  }
  report({ service: name, state: 'used', detail, ms: Date.now() - beganAtMs })
}

export interface StartOptions extends ServiceFolders {
  readonly logsDir: string
  /** True to start with empty data. */
  readonly fresh?: boolean | undefined
  /** Ports of other programs, which must be free too. */
  readonly ports?: readonly WantedPort[]
  readonly report: Report
  readonly signal: AbortSignal
}

/** Starts the services that do not exist yet. If any server fails to start, all others are stopped. */
export async function startPlaced(
  placed: readonly PlacedService[],
  options: StartOptions,
): Promise<RunningServers> {
  const { dataDir, cacheDir, kafkaVersion, logsDir, fresh, ports = [], report, signal } = options
  const folders = { dataDir, cacheDir, kafkaVersion }
  const servers = placed.flatMap(({ service, place }) => service.servers(portsAt(place), folders))
  await requireFreePorts([...servers, ...ports])
  const release = claimData(dataDir)
  if (fresh) for (const { dir } of servers) await rm(dir, { recursive: true, force: true })
  for (const { name } of servers) await rm(join(logsDir, `${name}.log`), { force: true })
  try {
    const { byName, stop } = await startTogether(servers, { report, signal, logsDir, restarts: true })
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
