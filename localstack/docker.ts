import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT } from '../programs/paths.ts'
import { DEFAULT_STACK } from '../programs/stack.ts'
import { UserError } from '../programs/user-error.ts'
import { type Report, SERVICE_NAMES, type ServerName, type ServiceName } from './report.ts'
import { portsAt, type ServicesOptions } from './services/options.ts'
import { requireFreePorts } from './services/ports.ts'
import type { RunningServer, RunningServers } from './services/server.ts'

const run = promisify(execFile)

export const COMPOSE_FILE = join(PROJECT, 'localstack', 'docker-compose.yml')

const PORT_VARIABLES = {
  kafka: 'KAFKA_PORT',
  valkey: 'REDIS_PORT',
  aws: 'AWS_PORT',
  registry: 'REGISTRY_PORT',
} as const

/** Starts the selected servers as containers, and waits until Docker reports them healthy. */
export async function startContainers(options: ServicesOptions, report: Report): Promise<RunningServers> {
  requireOneBroker(options)
  const ports = containerPorts(options)
  const names = [...ports.keys()]
  const chosen = [...ports].map(([name, port]) => [PORT_VARIABLES[name], String(port)])
  const project =
    options.stack && options.stack !== DEFAULT_STACK
      ? { COMPOSE_PROJECT_NAME: `sluice-${options.stack}` }
      : {}
  const env = { ...process.env, ...project, ...Object.fromEntries(chosen) }
  const compose = (...args: string[]) => runCompose(args, env, options.signal)
  await requireDocker()
  // Remove containers of an interrupted run, because they would occupy the ports.
  await compose('down', ...(options.fresh ? ['--volumes'] : []))
  await requireFreePorts(
    [...ports].map(([name, port]) => ({ port, variable: PORT_VARIABLES[name], title: name })),
  )
  const timed = timedReport(report)
  try {
    await timed(names, 'starting', 'ready', () => compose('up', '--detach', '--wait', ...names))
  } catch (error) {
    // Run this directly, because `compose` uses a signal that may already be aborted.
    await runCompose(['down'], env)
    throw error
  }
  let ended: Promise<void> | undefined
  const stop = () => {
    ended ??= timed(names, 'stopping', 'stopped', () => runCompose(['down'], env))
    return ended
  }
  const byName = new Map<ServerName, RunningServer>(
    names.map(name => [name, { stop, ...container(name, env, timed) }]),
  )
  return { byName, stop }
}

function container(
  name: ServiceName,
  env: NodeJS.ProcessEnv,
  timed: TimedReport,
): Omit<RunningServer, 'stop'> {
  const compose = (...args: string[]) => runCompose(args, env)
  return {
    kill: signal => timed([name], 'stopping', 'stopped', () => compose('kill', '--signal', signal, name)),
    restart: () =>
      timed([name], 'starting', 'ready', async () => {
        await compose('stop', name)
        await compose('up', '--detach', '--wait', name)
      }),
  }
}

type TimedReport = ReturnType<typeof timedReport>

function timedReport(report: Report) {
  return async (
    names: readonly ServiceName[],
    before: 'starting' | 'stopping',
    after: 'ready' | 'stopped',
    work: () => Promise<void>,
  ): Promise<void> => {
    const beganAtMs = Date.now()
    for (const service of names) report({ service, state: before, detail: 'container', ms: 0 })
    await work()
    const ms = Date.now() - beganAtMs
    for (const service of names) report({ service, state: after, detail: 'container', ms })
  }
}

function requireOneBroker({ kafka }: ServicesOptions): void {
  if (portsAt(kafka).length <= 1) return
  throw new UserError(
    'Containers include only one Kafka broker. Omit --docker and SLUICE_DOCKER, or --brokers.',
  )
}

function containerPorts(options: ServicesOptions): Map<ServiceName, number> {
  return new Map(SERVICE_NAMES.flatMap(name => portsAt(options[name]).map(port => [name, port] as const)))
}

async function requireDocker(): Promise<void> {
  for (const args of [['info'], ['compose', 'version']]) {
    try {
      await run('docker', args)
    } catch (error) {
      throw new UserError(
        `docker ${args.join(' ')} fails: ${lastLine(error)}\n` +
          '  Start the Docker daemon (with the compose plugin), or omit --docker and SLUICE_DOCKER.',
      )
    }
  }
}

async function runCompose(args: string[], env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<void> {
  try {
    await run('docker', ['compose', '--file', COMPOSE_FILE, ...args], { env, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    throw new UserError(
      `docker compose ${args.join(' ')} fails: ${lastLine(error)}\n` +
        `  More: docker compose --file ${COMPOSE_FILE} logs`,
    )
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr?.trim() || message).split('\n').at(-1) ?? message
}
