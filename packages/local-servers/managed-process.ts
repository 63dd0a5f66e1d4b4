import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { GRACE_MS, guardGroup, signalGroup } from './process-groups.ts'
import { groupProcessorMs, type Patience, untilStandstill, type Work } from './progress.ts'
import { UserError } from './user-error.ts'

/** Command that starts a program. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** Working directory of the program; by default, that of this process. */
  readonly cwd?: string
  /** Environment variables of the program; by default, the variables of this process. */
  readonly env?: NodeJS.ProcessEnv
  /** User and group of the program; by default, those of this process. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

/**
 * Environment variables for programs with many threads. They limit the number of heaps: by default, glibc creates up to eight heaps
 * per CPU core, each of which keeps freed memory.
 */
export const FEW_ARENAS = { MALLOC_ARENA_MAX: '2' } as const

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Program in a separate process group. It ends at the latest when this process ends. */
export interface ManagedProcess {
  readonly pid: number
  /** Resolves when the process has ended, for whatever reason. Never rejects. */
  readonly exited: Promise<Exit>
  /** Sends a signal to the whole process group. */
  signal(signal: NodeJS.Signals): void
  /** Sends SIGTERM, and SIGKILL after `graceMs`. Resolves when the process has ended. */
  stop(graceMs?: number): Promise<void>
}

/** Starts a program and appends its output to `logFile`. */
export async function startProcess(
  { command, args, cwd, env = process.env, user }: Launch,
  logFile: string,
): Promise<ManagedProcess> {
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, { cwd, env, ...user, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const { pid } = child
  const ended = new Promise<Exit>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', reject)
  })
  if (pid === undefined) {
    const cause = await ended.then(String, error => (error as Error).message)
    throw new UserError(`Cannot run ${command}: ${cause}`)
  }
  const release = guardGroup(pid)
  const exited = ended.finally(() => {
    // The leader has ended. Kill the remaining processes of the group.
    signalGroup(pid, 'SIGKILL')
    return release()
  })
  return {
    pid,
    exited,
    signal: signal => void signalGroup(pid, signal),
    stop: (graceMs = GRACE_MS) => stopGroup(pid, exited, graceMs),
  }
}

async function stopGroup(pid: number, exited: Promise<Exit>, graceMs: number): Promise<void> {
  signalGroup(pid, 'SIGTERM')
  const tooLong = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs)
  await exited
  clearTimeout(tooLong)
}

/** A program to start, and how to see that it is ready. It has time as long as it takes processor time or its log grows. */
export interface Startable extends Omit<Patience, 'signal'> {
  /** Name and version for messages. */
  readonly title: string
  readonly launch: Launch
  readonly logFile: string
  /**
   * Resolves when the program is ready, or with what it did instead, such as "reported an error". The signal is aborted when the
   * answer is not needed any more.
   */
  untilReady(signal: AbortSignal): Promise<string | undefined>
  /** Returns the error message in a log; by default, the last line that seems to be an error. */
  readonly errorIn?: (log: string) => string | undefined
}

/** Starts a program and waits until it is ready. If the start fails, the program is stopped. @throws UserError with the reason */
export async function startReady(program: Startable, signal: AbortSignal): Promise<ManagedProcess> {
  const { title, launch, logFile, untilReady, errorIn } = program
  signal.throwIfAborted()
  const started = await startProcess(launch, logFile)
  const over = new AbortController()
  const aborted = once(signal, 'abort', { signal: over.signal }).then(() => signal.throwIfAborted())
  try {
    // A program that has ended is not ready, even if another program responds in its place.
    const ended = started.exited.then(describeExit)
    const ready = untilReady(AbortSignal.any([signal, over.signal]))
    const measure = (): Work => [groupProcessorMs(started.pid), statSync(logFile).size]
    const standstill = untilStandstill(measure, { ...program, signal: over.signal })
    const failure = await Promise.race([ended, aborted, ready, standstill])
    if (failure !== undefined) throw errorWithLog(`${title} did not start: it ${failure}`, logFile, errorIn)
    return started
  } catch (error) {
    await started.stop()
    throw error
  } finally {
    over.abort()
  }
}

export interface ToolOptions {
  /** Name of the task in error messages, such as "Installing Kafka 4.3.0". */
  readonly task: string
  readonly logFile: string
  readonly signal: AbortSignal
}

/** Runs a tool until it ends. Aborting the signal stops the tool. @throws UserError with the reason if the tool fails */
export async function runTool(launch: Launch, { task, logFile, signal }: ToolOptions): Promise<void> {
  signal.throwIfAborted()
  const tool = await startProcess(launch, logFile)
  const onAbort = () => void tool.stop(2_000)
  signal.addEventListener('abort', onAbort, { once: true })
  const exit = await tool.exited
  signal.removeEventListener('abort', onAbort)
  signal.throwIfAborted()
  if (exit.code !== 0) throw errorWithLog(`${task} failed: ${launch.command} ${describeExit(exit)}`, logFile)
}

/** Describes how a program has ended. */
export function describeExit({ code, signal }: Exit): string {
  return signal ? `was ended by ${signal}` : `ended with exit code ${code}`
}

/** Returns an error about a program, with the reason from its log. */
export function errorWithLog(
  what: string,
  logFile: string,
  errorIn: Startable['errorIn'] = tellingLine,
): UserError {
  const log = readFileSync(logFile, 'utf8')
  const file = relative(process.cwd(), logFile)
  return new UserError(`${what}.\n  Its log says: ${errorIn(log) ?? tellingLine(log)}\n  Full log: ${file}`)
}

const ERROR_PATTERN =
  /error|exception|fatal|cannot|can't|denied|refused|in use|not found|no such|invalid|unsupported/i
/** Lines that do not name an error: stack frames, and Maven's references to its help pages. */
const STACK_FRAME = /^\s+at |^\s*\.\.\. \d+ more|^\s+File "|^\[ERROR\] \[Help/

/** Returns the last line of a log that seems to be an error; if none exists, the last line. */
function tellingLine(log: string): string {
  const lines = log.split('\n').filter(line => line.trim() !== '' && !STACK_FRAME.test(line))
  const line = lines.findLast(line => ERROR_PATTERN.test(line)) ?? lines.at(-1) ?? '(the log is empty)'
  return line.trim().slice(0, 300)
}
