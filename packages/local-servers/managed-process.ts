import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { GRACE_MS, guardGroup, signalGroup } from './process-groups.ts'
import { UserError } from './user-error.ts'

/** Command that starts a program. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
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
  { command, args, env = process.env, user = undefined }: Launch,
  logFile: string,
): Promise<ManagedProcess> {
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, { env, ...user, detached: true, stdio: ['ignore', log, log] })
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
  const exited = ended.finally(() => release())
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
  // The leader has ended. Kill the remaining processes of the group.
  signalGroup(pid, 'SIGKILL')
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
  if (exit.code === 0) return
  throw new UserError(
    `${task} failed: ${launch.command} ${describeExit(exit)}.\n` +
      `  Its output says: ${tellingLine(logFile)}\n  Full output: ${relative(process.cwd(), logFile)}`,
  )
}

/** Describes how a program has ended. */
export function describeExit({ code, signal }: Exit): string {
  return signal ? `was ended by ${signal}` : `ended with exit code ${code}`
}

const ERROR_PATTERN =
  /error|exception|fatal|cannot|can't|denied|refused|in use|not found|no such|invalid|unsupported/i
/** Lines that do not name an error: stack frames, and Maven's references to its help pages. */
const STACK_FRAME = /^\s+at |^\s*\.\.\. \d+ more|^\s+File "|^\[ERROR\] \[Help/

/** Returns the last line of a log that seems to be an error; if none exists, the last line. */
export function tellingLine(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '' && !STACK_FRAME.test(line))
  const line = lines.findLast(line => ERROR_PATTERN.test(line)) ?? lines.at(-1) ?? '(the log is empty)'
  return line.trim().slice(0, 300)
}
