import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { FEW_ARENAS, type ManagedProcess, startReady } from '#local-servers/managed-process'
import { LOOPBACK } from '#local-servers/ports'
import type { Ready, Supervised } from '#local-servers/supervisor'
import { followLogs } from '../../scripts/log-file.ts'
import {
  FUNCTION_LOGS,
  frameworkLog,
  functionLog,
  functionLogsDir,
  LOG_SUFFIX,
} from '../../scripts/log-paths.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { UserError } from '../../scripts/user-error.ts'
import { SERVERS_READY } from './servers-plugin.ts'

export interface FunctionsOptions {
  /** Additional environment variables with the addresses of the servers. */
  readonly environment: Readonly<Record<string, string>>
  /** Resolves when the servers are ready. Until then, the functions are built but not run. */
  readonly servers: Promise<unknown>
  /** Folder for the log of the Serverless Framework, with a subfolder for the functions' logs. */
  readonly logsDir: string
  /** File for the trigger's reports about stalled consumers. */
  readonly reportsFile: string
  /** Receives each line that the functions log. */
  readonly onLogLine: (line: string) => void
  /** Receives each line of the trigger's reports. */
  readonly onReport: (line: string) => void
}

/**
 * Line that the Serverless Framework prints before an error message. After such an error, it may continue to run without having
 * started anything.
 */
const FRAMEWORK_ERROR = /^Errors?:$/
const STACK_FRAME = /^\s+at /
const MAX_MESSAGE_LINES = 15

/** Name of the program that runs the functions, for messages. */
export const FRAMEWORK = 'serverless offline'

// The trigger prints this line when all event sources have joined their consumer groups.
const READY = /^msk {2}ready:/
const JOINED = /^msk {2}(\S+) ← \S+ {2}group \S+ ready/
/** Module that gives each function its own log. */
const SPLIT_OUTPUT = pathToFileURL(join(import.meta.dirname, 'split-output.ts')).href
/**
 * Option that sets the size of a semi-space, in megabytes. With the default, the framework would use 96 MB, which it needs only once.
 */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=8'
/** Time for which the start may do nothing, in milliseconds: it waits for Kafka, which may be slow to form the groups. */
const IDLE_MS = 300_000
/** Time to wait for the rest of an error message, in milliseconds, because the framework writes the first line separately. */
const MESSAGE_MS = 300
/** Time that serverless-offline waits for running invocations, in milliseconds. Afterwards, its process group is killed. */
const GRACE_MS = 10_000

/** Starts the functions and waits until they read from Kafka. If the start fails, all processes are ended. */
export async function startFunctions(
  options: FunctionsOptions,
  ...[signal, onWait]: Parameters<Supervised['start']>
): Promise<Ready & Pick<ManagedProcess, 'pid'>> {
  const { logsDir, reportsFile, servers } = options
  const serversReady = join(logsDir, 'servers-ready')
  rmSync(serversReady, { force: true })
  const logFile = frameworkLog(logsDir)
  const ofFunctions = functionLogsDir(logsDir)
  const serverless = join(PROJECT, 'node_modules', 'serverless', 'bin', 'serverless.js')
  const launch = {
    command: process.execPath,
    args: [SMALL_YOUNG_GENERATION, '--import', SPLIT_OUTPUT, serverless, 'offline'],
    env: {
      ...process.env,
      ...options.environment,
      ...FEW_ARENAS,
      [SERVERS_READY]: serversReady,
      MSK_TRIGGER_REPORTS: reportsFile,
      // Hide the warning about a negative timeout that kafkajs computes, because it is harmless.
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --disable-warning=TimeoutNegativeWarning`.trim(),
      [FUNCTION_LOGS]: ofFunctions,
    },
  }
  const ready = Promise.withResolvers<undefined>()
  const startupError = Promise.withResolvers<void>()
  const consumers = new Set<string>()
  const unfollowReports = followLogs(() => [reportsFile], options.onReport)
  const logs = () => [logFile, ...loggedFunctions(ofFunctions).map(name => functionLog(ofFunctions, name))]
  const unfollowLogs = followLogs(logs, line => {
    const [, consumer] = JOINED.exec(line) ?? []
    if (consumer) consumers.add(consumer)
    if (READY.test(line)) ready.resolve(undefined)
    if (isFrameworkError(line)) startupError.resolve()
    options.onLogLine(line)
  })
  const unfollow = () => {
    unfollowLogs()
    unfollowReports()
  }
  // A failure of the servers ends the start, and is reported by it.
  servers.then(() => writeFileSync(serversReady, '')).catch(() => {})
  const untilReady = () => {
    // If a bundle cannot be built, the framework continues without doing anything.
    const broken = startupError.promise.then(() => pause(MESSAGE_MS, 'reported an error'))
    return Promise.race([ready.promise, broken])
  }
  // Start the process after the follower of its log, so that no line is missed.
  const program = { title: FRAMEWORK, launch, logFile, errorIn: findStartupError }
  // The servers may have to be installed, so the time of the functions begins when they are ready.
  const wait = (ms: number) => servers.then(() => pause(ms, undefined, { ref: false }))
  const waits = { untilReady, idleMs: IDLE_MS, onWait, wait }
  const started = await startReady({ ...program, ...waits }, signal).catch(error => {
    unfollow()
    throw error
  })
  void started.exited.then(unfollow)
  return {
    ...started,
    stop: () => started.stop(GRACE_MS),
    detail: `${FRAMEWORK} with ${[...consumers].sort().join(', ')}`,
  }
}

/** Returns true if the line shows that the framework has failed to start. The error message follows in the next lines. */
function isFrameworkError(line: string): boolean {
  return FRAMEWORK_ERROR.test(line)
}

/** Returns the error message of the framework in a log, without the stack trace; undefined if none exists. */
export function findStartupError(log: string): string | undefined {
  const lines = log.split('\n')
  const from = lines.findLastIndex(isFrameworkError)
  if (from < 0) return undefined
  const rest = lines.slice(from + 1)
  const end = rest.findIndex(line => STACK_FRAME.test(line) || line.startsWith('Learn more about'))
  const message = rest.slice(0, end < 0 ? MAX_MESSAGE_LINES : Math.min(end, MAX_MESSAGE_LINES)).join('\n')
  return message.replace(/^(?:Error: )+/, '').trim() || undefined
}

/**
 * Invokes a function in the same way as its schedule. Resolves with its response; rejects with its error. The Lambda
 * endpoint returns 200 even if the handler throws, and indicates the error in a header.
 */
export async function invokeFunction(lambdaPort: number, name: string): Promise<unknown> {
  const endpoint = `http://${LOOPBACK}:${lambdaPort}`
  const response = await fetch(`${endpoint}/2015-03-31/functions/sluice-local-${name}/invocations`, {
    method: 'POST',
    body: '{}',
  }).catch(() => {
    throw new UserError('the functions do not answer')
  })
  if (response.ok && !response.headers.has('x-amz-function-error'))
    return await response.json().catch(() => undefined)
  const answer = (await response.json().catch(() => ({}))) as { errorMessage?: string }
  throw new UserError(answer.errorMessage ?? `The Lambda endpoint returned status ${response.status}`)
}

/** Returns the names of the functions that have logged anything; empty if the folder does not exist. */
function loggedFunctions(functionLogsDir: string): string[] {
  try {
    return readdirSync(functionLogsDir)
      .filter(file => file.endsWith(LOG_SUFFIX))
      .map(file => file.slice(0, -LOG_SUFFIX.length))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
