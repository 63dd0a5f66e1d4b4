import { join, relative } from 'node:path'
import { LocalCloudError } from '../failure.ts'
import { PROJECT } from '../paths.ts'
import { LOOPBACK } from '../services/ports.ts'
import { describeExit, type Exit, startProcess, tellingLine } from '../services/process.ts'
import { type Complaint, ComplaintReader } from './complaints.ts'
import { followLog } from './log-follower.ts'
import { reloadIn } from './reload.ts'

export interface FunctionsOptions {
  /** Variables on top of this process's own: where the servers are. */
  readonly environment: Readonly<Record<string, string>>
  readonly lambdaPort: number
  readonly logFile: string
  readonly signal: AbortSignal
  /** Told of each warning and error that a function logs, and of each time it fails. */
  readonly onComplaint: (complaint: Complaint) => void
  /** Told, in a line each, what was reloaded and what was not. */
  readonly onReload: (line: string) => void
}

/** `serverless offline` with every function, its event sources joined. */
export interface Functions {
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<Exit>
  /** Those that take records, by name. */
  readonly consumers: readonly string[]
  /** Invokes a function as its schedule would. */
  invoke(name: string): Promise<void>
  stop(): Promise<void>
}

// What the trigger prints once every event source is in its consumer group: from then on records are taken.
const READY = /^msk {2}ready:/
const JOINED = /^msk {2}(\S+) ← \S+ {2}group \S+ ready/
const READY_WITHIN_MS = 90_000
/** serverless-offline waits for running invocations; then its group is ended. */
const GRACE_MS = 10_000

/** Starts the functions and waits until they take records; nothing of them is left where that fails. */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const { logFile, lambdaPort, signal } = options
  const launch = {
    command: process.execPath,
    args: [join(PROJECT, 'node_modules', 'serverless', 'bin', 'serverless.js'), 'offline'],
    env: { ...process.env, ...options.environment, NODE_OPTIONS: nodeOptions(process.env.NODE_OPTIONS) },
  }
  const ready = Promise.withResolvers<void>()
  const complaints = new ComplaintReader()
  const consumers = new Set<string>()
  const unfollow = followLog(logFile, line => {
    const [, consumer] = JOINED.exec(line) ?? []
    if (consumer) consumers.add(consumer)
    if (READY.test(line)) ready.resolve()
    const reload = reloadIn(line)
    if (reload !== undefined) options.onReload(reload)
    const complaint = complaints.read(line)
    if (complaint) options.onComplaint(complaint)
  })
  // After the follower: it must not miss the first lines.
  const started = await startProcess(launch, logFile)
  void started.exited.then(unfollow)
  try {
    await readyOrNot(ready.promise, started.exited, logFile, signal)
  } catch (error) {
    await started.stop(GRACE_MS)
    throw error
  }
  return {
    ended: started.exited,
    consumers: [...consumers].sort(),
    invoke: name => invoke(`http://${LOOPBACK}:${lambdaPort}`, name),
    stop: () => started.stop(GRACE_MS),
  }
}

async function readyOrNot(
  ready: Promise<void>,
  exited: Promise<Exit>,
  logFile: string,
  signal: AbortSignal,
): Promise<void> {
  const settled = Promise.withResolvers<never>()
  const fail = (how: string) =>
    settled.reject(
      new LocalCloudError(
        `The functions did not come up: serverless offline ${how}.\n  Its log says: ${tellingLine(logFile)}\n` +
          `  All of it: ${relative(PROJECT, logFile)}`,
      ),
    )
  const onAbort = () => settled.reject(signal.reason)
  const tooLong = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS / 1000} s`), READY_WITHIN_MS)
  void exited.then(exit => fail(describeExit(exit)))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    await Promise.race([ready, settled.promise])
  } finally {
    clearTimeout(tooLong)
    signal.removeEventListener('abort', onAbort)
    // The exit that comes at the very end is no failure to start, and nobody's business here.
    settled.promise.catch(() => {})
  }
}

/** Lambda's own endpoint answers 200 for a handler's error, too; the header tells. */
async function invoke(endpoint: string, name: string): Promise<void> {
  const response = await fetch(`${endpoint}/2015-03-31/functions/sluice-local-${name}/invocations`, {
    method: 'POST',
    body: '{}',
  })
  if (response.ok && !response.headers.has('x-amz-function-error')) return
  const answer = (await response.json().catch(() => ({}))) as { errorMessage?: string }
  throw new LocalCloudError(`${name} failed: ${answer.errorMessage ?? `status ${response.status}`}`)
}

// kafkajs computes a negative timeout, which is harmless.
function nodeOptions(given = ''): string {
  return `${given} --disable-warning=TimeoutNegativeWarning`.trim()
}
