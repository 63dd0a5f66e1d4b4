import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireFreePorts } from '#local-servers/ports.ts'
import type { Report } from '#local-servers/report.ts'
import { portsAt } from '#local-servers/server-place.ts'
import type { RunningServers } from '#local-servers/start-server.ts'
import { PROJECT } from '../scripts/paths.ts'
import { DEFAULT_STACK } from '../scripts/running-stacks.ts'
import { UserError } from '../scripts/user-error.ts'
import { SERVICE_NAMES } from './service-report.ts'
import type { ServicesOptions } from './services/services-options.ts'

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
  const names = SERVICE_NAMES.filter(name => portsAt(options[name]).length > 0)
  const ports = names.map(name => ({
    port: portsAt(options[name])[0] as number,
    variable: PORT_VARIABLES[name],
    title: name,
  }))
  const { stack = DEFAULT_STACK, fresh, signal } = options
  const env = {
    ...process.env,
    // A name from the shell would be that of another composition. Without one, that of the file applies.
    COMPOSE_PROJECT_NAME: stack === DEFAULT_STACK ? undefined : `sluice-servers-${stack}`,
    ...Object.fromEntries(ports.map(({ variable, port }) => [variable, String(port)])),
  }
  const say = (state: 'starting' | 'ready' | 'stopping' | 'stopped') => {
    for (const service of names) report({ service, state, detail: 'container', ms: 0 })
  }
  await docker(['info'], env)
  // Remove containers of an interrupted run, because they would occupy the ports.
  await compose(['down', ...(fresh ? ['--volumes'] : [])], env)
  await requireFreePorts(ports)
  say('starting')
  try {
    await compose(['up', '--detach', '--wait', ...names], env, signal)
  } catch (error) {
    await compose(['down'], env)
    signal?.throwIfAborted()
    throw error
  }
  say('ready')
  let ended: Promise<void> | undefined
  const stop = () => {
    say('stopping')
    ended ??= compose(['down'], env).then(() => say('stopped'))
    return ended
  }
  return { byName: new Map(), stop }
}

function compose(args: readonly string[], env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<void> {
  return docker(['compose', '--file', COMPOSE_FILE, ...args], env, signal)
}

async function docker(args: readonly string[], env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<void> {
  try {
    await run('docker', args, { env, ...(signal && { signal }) })
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }
    throw new UserError(
      `docker ${args.join(' ')} fails: ${(stderr?.trim() || message).split('\n').at(-1)}\n` +
        '  Start the Docker daemon (with the compose plugin), or omit --docker and SLUICE_DOCKER.',
    )
  }
}
