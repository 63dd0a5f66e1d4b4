import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describeExit, errorWithLog, type ManagedProcess, runTool, startProcess } from './managed-process.ts'
import type { WantedPort } from './ports.ts'
import type { ServiceEvent } from './report.ts'
import { checkExisting, KAFKA, type PlacedService, resolveAddress, startPlaced, VALKEY } from './services.ts'
import { StopRequested, stopRequest } from './stop-request.ts'
import { UserError } from './user-error.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Folder and ports of the servers. */
export interface RunOptions {
  /** Folder for the data and logs of the servers; `.local` by default. */
  readonly folder?: string
  /** Other ports that must be free. Their environment variables choose others, and are part of `variables`. */
  readonly ports?: readonly WantedPort[]
}

/** Kafka and Valkey, and the programs that use them. */
export interface LocalRun {
  /** Addresses of the servers, `KAFKA_BROKERS` and `REDIS_URL`, and the other ports. */
  readonly variables: Readonly<Record<string, string>>
  /** Aborted when the run must end: on Ctrl-C, or when a started program has ended. */
  readonly signal: AbortSignal
  /** Runs a Node.js script until it ends. @throws UserError if it fails */
  run(name: string, ...script: readonly string[]): Promise<void>
  /** Starts a Node.js script that stays until the run ends. Its output is written to `<folder>/logs/<name>.log`. */
  start(name: string, ...script: readonly string[]): Promise<void>
}

/**
 * Starts Kafka and Valkey, and runs `work` with them. Afterwards, all servers and programs are stopped. Servers that
 * `KAFKA_BROKERS` and `REDIS_URL` name are used instead. `KAFKA_PORT` and `REDIS_PORT` choose other ports, and
 * `LOCAL_SERVERS_CACHE` another folder for the installed servers. Errors that the user can fix are printed.
 */
export async function runWithServers(
  { folder = '.local', ports = [] }: RunOptions,
  work: (run: LocalRun) => Promise<void>,
): Promise<void> {
  const ended = new AbortController()
  const signal = AbortSignal.any([stopRequest(), ended.signal])
  const [dataDir, logsDir] = [resolve(folder, 'data'), resolve(folder, 'logs')]
  const programs: ManagedProcess[] = []
  try {
    const placed = [place(KAFKA, 'KAFKA_PORT', 9092), place(VALKEY, 'REDIS_PORT', 6379)]
    await checkExisting(placed, printEvent)
    const others = ports.map(port => ({ ...port, port: readPort(port.variable, port.port) }))
    const options = {
      dataDir,
      logsDir,
      cacheDir: cacheFolder(process.env),
      ports: others,
      report: printEvent,
      signal,
    }
    const servers = await startPlaced(placed, options)
    const variables = Object.fromEntries([
      ...placed.map(service => [service.service.variable, resolveAddress(service)]),
      ...others.map(({ variable, port }) => [variable, String(port)]),
    ])
    const launch = (args: readonly string[]) => ({
      command: process.execPath,
      args,
      env: { ...process.env, ...variables },
    })
    const start = async (name: string, ...script: readonly string[]) => {
      const logFile = join(logsDir, `${name}.log`)
      await rm(logFile, { force: true })
      const program = await startProcess(launch(script), logFile)
      programs.push(program)
      void program.exited.then(exit => ended.abort(errorWithLog(`${name} ${describeExit(exit)}`, logFile)))
    }
    const run = (name: string, ...script: readonly string[]) =>
      runTool(launch(script), { task: name, logFile: join(logsDir, 'tools.log'), signal })
    try {
      await work({ variables, signal, run, start })
      signal.throwIfAborted()
    } finally {
      await Promise.all(programs.map(program => program.stop()))
      await servers.stop()
    }
  } catch (error) {
    if (signal.aborted && signal.reason instanceof StopRequested) return
    if (!(error instanceof UserError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

function place(service: PlacedService['service'], variable: string, usual: number): PlacedService {
  const address = process.env[service.variable]?.trim()
  return { service, place: address ? { address } : { port: readPort(variable, usual) } }
}

/** Returns the port that an environment variable contains. @throws UserError if it contains something else */
function readPort(variable: string, usual: number): number {
  // Kubernetes sets such variables to the URL of a service.
  const text = process.env[variable]?.trim().replace(/^(tcp|udp|sctp):.*/, '') || String(usual)
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new UserError(`${variable} is "${text}", which is not a port. Set a number from 1 to 65535.`)
}

function cacheFolder({ LOCAL_SERVERS_CACHE, XDG_CACHE_HOME }: Environment): string {
  return resolve(
    LOCAL_SERVERS_CACHE?.trim() || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'local-servers'),
  )
}

function printEvent({ service, state, detail }: ServiceEvent): void {
  console.log(`${service.padEnd(9)} ${state.padEnd(10)} ${detail}`)
}
