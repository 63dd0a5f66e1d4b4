import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processStart } from '../../cli/stacks/process-start.ts'
import { DEFAULT_STACK, runningStack, STACKS_DIR, type Stack, stackFile } from '../../cli/stacks/stack.ts'
import { LocalCloudError } from '../failure.ts'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { withInstallLock } from '../install-lock.mjs'
import { foldersFromEnvironment } from '../settings.ts'
import { stackPorts } from './stack-ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface StackRequest {
  readonly name: string
  /** What the user has typed to start it. */
  readonly command: string
  readonly environment: Environment
  readonly signal?: AbortSignal
}

/** A stack that this process runs. */
export interface OwnStack {
  /** The environment with the ports and the folder of the stack, for all that it starts. */
  readonly environment: Environment
  /** Tells other shells that the servers are ready, and the variables by which to reach them. */
  ready(addresses: Pick<Stack, 'variables' | 'lambdaPort'>): void
}

/**
 * Runs a stack under its name: no other of this name runs meanwhile, and its file stands until `work` has ended.
 * @throws LocalCloudError where one of this name runs already
 */
export async function withStack<T>(
  { name, command, environment, signal }: StackRequest,
  work: (stack: OwnStack) => Promise<T>,
  dir = STACKS_DIR,
): Promise<T> {
  const folder = name === DEFAULT_STACK ? {} : { SLUICE_DATA_DIR: join(dir, name) }
  const own: Environment = {
    ...environment,
    ...(environment.SLUICE_DATA_DIR?.trim() ? {} : folder),
    ...(await stackPorts(name, environment)),
    SLUICE_STACK: name,
  }
  const stack: Stack = {
    name,
    state: 'starting',
    command,
    pid: process.pid,
    processStart: processStart(process.pid) ?? '',
    startedAt: new Date().toISOString(),
    variables: {},
    lambdaPort: null,
    ...foldersFromEnvironment(own),
  }
  await claim(stack, dir, signal)
  try {
    return await work({
      environment: own,
      ready: addresses => writeStack({ ...stack, ...addresses, state: 'ready' }, dir),
    })
  } finally {
    rmSync(stackFile(name, dir), { force: true })
  }
}

/** How a server is talked to, where that is not by its address alone. */
const MANNERS = ['KAFKA_AUTH', 'REDIS_MODE', 'REDIS_SECRET'] as const

/** The variables that other programs need for the servers of a stack: their addresses, and how to talk to them. */
export function stackVariables(
  environment: Environment,
  addresses: Readonly<Record<string, string>>,
): Record<string, string> {
  const set = MANNERS.flatMap(name => {
    const value = environment[name]
    return value ? [[name, value] as const] : []
  })
  return { ...addresses, ...Object.fromEntries(set) }
}

/** Alone: of two that start at once under one name, one must be refused. */
async function claim(stack: Stack, dir: string, signal: AbortSignal | undefined): Promise<void> {
  const { name } = stack
  mkdirSync(dir, { recursive: true })
  await withInstallLock(
    join(dir, `${name}.lock`),
    async () => {
      const other = runningStack(name, dir)
      if (other) throw alreadyRunning(other)
      writeStack(stack, dir)
    },
    signal ? { signal } : {},
  )
}

function alreadyRunning({ name, pid, command }: Stack): LocalCloudError {
  return new LocalCloudError(
    `The stack "${name}" already runs: process ${pid} (${command}). Stop that one first (Ctrl-C where it runs), or give ` +
      `this one another name: --name ${name === 'lab' ? 'lab2' : 'lab'}`,
  )
}

/** Readable by its owner alone, since REDIS_URL may hold a password; never half written. */
function writeStack(stack: Stack, dir: string): void {
  const partial = join(dir, `.${stack.name}.${randomUUID()}`)
  writeFileSync(partial, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 })
  renameSync(partial, stackFile(stack.name, dir))
}
