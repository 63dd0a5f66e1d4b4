import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { withLockFile } from '#local-servers/lock-file'
import { isPortInUse } from '#local-servers/ports'
import { processStart } from '#local-servers/process-start'
import { withoutServiceLinks } from '#runtime/settings'
import { type Environment, GENERAL, INPUTS, NAMES, readSettings } from '../lib/app/settings/index.ts'
import { isTimeZone } from '../lib/support/time-zones.ts'
import { PROJECT } from '../scripts/paths.ts'
import { DEFAULT_STACK, runningStack, STACKS_DIR, type Stack, stackFile } from '../scripts/running-stacks.ts'
import { STACK_FOLDERS } from '../scripts/stack-environment.ts'
import { UserError } from '../scripts/user-error.ts'
import { TOPIC_NAMES_FILE } from './local-topics.ts'
import { foldersFromEnvironment } from './ports-and-folders.ts'

export interface StackRequest {
  readonly name: string
  /** Command that the user has entered. */
  readonly command: string
  readonly environment: Environment
  /** True if the data of earlier runs is deleted. */
  readonly fresh?: boolean
  readonly signal?: AbortSignal
}

/** A stack that this process runs. */
export interface OwnStack {
  /** Name of the environment whose topics the stack has. */
  readonly env: string
  /** Environment variables for all processes of the stack, with its ports, its folder and `env`. */
  readonly environment: Environment
  /** Announces to other shells that the servers are ready, with the variables to access them. */
  ready(addresses: Pick<Stack, 'variables' | 'lambdaPort' | 'consoleAddress'>): void
}

/**
 * Runs a stack under its name until `work` has ended. No other stack with this name can run at the same time. Meanwhile, the
 * stack's file exists.
 *
 * @throws UserError if a stack with this name is already running
 */
export async function withStack<T>(
  { name, command, fresh = false, signal, ...request }: StackRequest,
  work: (stack: OwnStack) => Promise<T>,
  dir = STACKS_DIR,
): Promise<T> {
  const environment = withoutServiceLinks(request.environment)
  const folder = name === DEFAULT_STACK ? {} : { SLUICE_DATA_DIR: join(dir, name) }
  const { env } = readSettings([GENERAL], environment)
  const own: Environment = {
    ...environment,
    ...(environment.SLUICE_DATA_DIR?.trim() ? {} : folder),
    ...(await stackPorts(name, environment)),
    SLUICE_STACK: name,
    SLUICE_ENV: env,
    SLUICE_ONE_MACHINE: 'on',
  }
  let stack: Stack = {
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
  const sentViews = join(stack.dataDir, 'views')
  if (fresh) rmSync(sentViews, { recursive: true, force: true })
  const announce = (facts: Partial<Stack>) => {
    stack = { ...stack, ...facts }
    writeStack(stack, dir)
  }
  try {
    return await work({
      env,
      environment: {
        ...own,
        TIME_ZONE: keepTimeZone(stack.dataDir, environment, fresh),
        SENT_VIEWS_DIR: sentViews,
      },
      ready: addresses => announce({ ...addresses, state: 'ready' }),
    })
  } finally {
    rmSync(stackFile(name, dir), { force: true })
  }
}

/** Settings that clients need in addition to the addresses of the servers, such as topic names. */
const CLIENT_SETTINGS = [
  'SLUICE_ENV',
  'SLUICE_ONE_MACHINE',
  'TIME_ZONE',
  'KAFKA_AUTH',
  'KAFKA_TLS',
  'KAFKA_SECRET',
  'KAFKA_CA_SECRET',
  'KAFKA_CA_FILE',
  'REDIS_MODE',
  'REDIS_SECRET',
  ...Object.keys(NAMES.settings),
]

/** Returns the environment variables that other programs need to access the servers of a stack, and to agree with its functions. */
export function stackVariables(
  environment: Environment,
  addresses: Readonly<Record<string, string>>,
): Record<string, string> {
  const set = [...CLIENT_SETTINGS, ...STACK_FOLDERS].flatMap(name => {
    const value = environment[name]
    // Other shells are in other folders.
    return value ? [[name, STACK_FOLDERS.includes(name) ? resolve(PROJECT, value) : value] as const] : []
  })
  return { ...addresses, ...Object.fromEntries(set) }
}

/** Claims the name of a stack. A lock ensures that only one of two simultaneous starts succeeds. */
async function claim(stack: Stack, dir: string, signal: AbortSignal | undefined): Promise<void> {
  const { name } = stack
  mkdirSync(dir, { recursive: true })
  await withLockFile(
    join(dir, `${name}.lock`),
    async () => {
      const other = runningStack(name, dir)
      if (other) throw alreadyRunning(other)
      writeStack(stack, dir)
    },
    signal ? { signal } : {},
  )
}

function alreadyRunning({ name, pid, command }: Stack): UserError {
  return new UserError(
    `The stack "${name}" already runs: process ${pid} (${command}). Stop it first (Ctrl-C in its terminal), or give ` +
      `this one another name: --name ${name === 'lab' ? 'lab2' : 'lab'}`,
  )
}

/** Writes the stack's file atomically. The file is readable only by its owner, because REDIS_URL may contain a password. */
function writeStack(stack: Stack, dir: string): void {
  const partial = join(dir, `.${stack.name}.${randomUUID()}`)
  writeFileSync(partial, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 })
  renameSync(partial, stackFile(stack.name, dir))
}

/** Position of each port within a block of ports. */
const IN_BLOCK = {
  KAFKA_PORT: 0,
  REDIS_PORT: 3,
  AWS_PORT: 4,
  LAMBDA_PORT: 5,
  REGISTRY_PORT: 6,
  CONSOLE_PORT: 7,
  KAFKA_UI_PORT: 8,
  KSQL_PORT: 9,
} as const
const BLOCK = 10
const USED = 10

/** First port of the blocks. All blocks are above the well-known ports and below the ephemeral ports. */
const FIRST_PORT = 20_000
const BLOCKS = 1_000

/**
 * Returns the port variables that are not set in the environment: none for the default stack, free ports for a named stack. A name
 * gets the same ports each time, provided that they are free.
 */
export async function stackPorts(
  name: string,
  environment: Environment,
  isInUse: (port: number) => Promise<boolean> = isPortInUse,
): Promise<Readonly<Record<string, string>>> {
  if (name === DEFAULT_STACK) return {}
  const missing = Object.entries(IN_BLOCK).filter(([variable]) => !environment[variable]?.trim())
  if (missing.length === 0) return {}
  const first = await freeBlock(name, isInUse)
  return Object.fromEntries(missing.map(([variable, index]) => [variable, String(first + index)]))
}

async function freeBlock(name: string, isInUse: (port: number) => Promise<boolean>): Promise<number> {
  const usual = createHash('sha256').update(name).digest().readUInt32BE() % BLOCKS
  for (let tried = 0; tried < BLOCKS; tried++) {
    const first = FIRST_PORT + ((usual + tried) % BLOCKS) * BLOCK
    if (await isFree(first, isInUse)) return first
  }
  throw new UserError(
    `No ${USED} consecutive ports are free for the stack "${name}". Set ${new Intl.ListFormat('en').format(Object.keys(IN_BLOCK))}.`,
  )
}

async function isFree(first: number, isInUse: (port: number) => Promise<boolean>): Promise<boolean> {
  for (let index = 0; index < USED; index++) if (await isInUse(first + index)) return false
  return true
}

/**
 * Returns the zone of times without one, and stores it beside the data: that of the existing data, or else TIME_ZONE, or else that of
 * the machine, which TZ decides. Data from before zones were stored is in UTC.
 *
 * @param fresh true if the data is empty, so that any zone is allowed
 * @throws UserError if a variable names another zone than that of the data, because the same records would become other events
 */
export function keepTimeZone(dataDir: string, environment: Environment, fresh = false): string {
  const file = join(dataDir, 'time-zone')
  const isOlder = existsSync(join(dataDir, TOPIC_NAMES_FILE))
  const stored = existsSync(file) ? readFileSync(file, 'utf8').trim() : isOlder ? 'UTC' : undefined
  const kept = fresh ? undefined : stored
  const chosen = ['TIME_ZONE', 'TZ'].find(name => environment[name]?.trim())
  const zone = chosen === 'TIME_ZONE' ? readSettings([INPUTS], environment).timeZone : getMachineZone()
  if (kept !== undefined && chosen !== undefined && kept !== zone)
    throw new UserError(
      `Times without a zone in the data of ${dataDir} were read in ${kept}, but ${chosen} is ${zone}. The same records would get other ` +
        `times. Set TIME_ZONE=${kept}, start another stack (--name other), or start with --fresh (the data is lost).`,
    )
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(file, `${kept ?? zone}\n`)
  return kept ?? zone
}

/** Returns the zone of this machine; UTC if it has no name. */
function getMachineZone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  return isTimeZone(timeZone) ? timeZone : 'UTC'
}
