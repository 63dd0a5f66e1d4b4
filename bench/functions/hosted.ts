/** A function in a process of its own, with the flags that Lambda's runtime gives Node for its memory. */
import { fork } from 'node:child_process'
import { on } from 'node:events'
import { dirname, join } from 'node:path'
import { PROCESS_VARIABLES } from '../../infra/process-variables.ts'

const HOST = join(import.meta.dirname, 'host.js')

/** Beside much other work a server may not answer in time. */
const ATTEMPTS = 5

/** Figures of one invocation. */
interface Invoked {
  /** Processor time of the process, in milliseconds. */
  readonly cpuMs: number
  readonly wallMs: number
  /** The most memory that the process has had so far. */
  readonly peakMib: number
}

export interface Hosted {
  /** Processor time until the handler could be called, the start of Node included. */
  readonly loadedCpuMs: number
  /**
   * Calls it again where records had to wait, as Lambda does; the answer is that of the last call.
   *
   * @param event as JSON text
   * @throws Error where they must wait again and again, or the handler fails
   */
  invoke(event: string): Promise<Invoked>
  close(): void
}

/** @param file the bundle's handler; @param memoryMib as in serverless.yml */
export async function hosted(
  name: string,
  file: string,
  memoryMib: number,
  env: Readonly<Record<string, string>>,
): Promise<Hosted> {
  const child = fork(HOST, [file], {
    // Where Lambda unpacks it, with `functions/` below.
    cwd: join(dirname(file), '..', '..'),
    execArgv: [
      `--max-old-space-size=${Math.floor(memoryMib * 0.9)}`,
      `--max-semi-space-size=${Math.floor(memoryMib * 0.05)}`,
    ],
    // Log lines are written, as in Lambda, and discarded.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...PROCESS_VARIABLES, ...env, AWS_LAMBDA_FUNCTION_NAME: `sluice-bench-${name}` },
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    stderr = (stderr + text).slice(-1_000)
  })
  const answers = on(child, 'message', { close: ['exit'] })
  const answer = async () => {
    const { value, done } = await answers.next()
    if (done) throw new Error(`${name} ended early: ${stderr.trim()}`)
    return value[0]
  }
  const { loadedCpuMs } = await answer()
  return {
    loadedCpuMs,
    async invoke(event) {
      for (let attempt = 1; ; attempt += 1) {
        child.send(event)
        const { problem, ...invoked } = await answer()
        if (!problem) return invoked
        if (attempt === ATTEMPTS) throw new Error(`${name}: ${problem}`)
      }
    },
    close: () => child.kill('SIGKILL'),
  }
}
