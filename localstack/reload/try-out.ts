import { Worker } from 'node:worker_threads'

const WITHIN_MS = 20_000

export interface Candidate {
  /** File of the module with the handler. */
  readonly file: string
  /** Name of the exported handler. */
  readonly name: string
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Starts a function in a separate thread, in the same way as its first invocation, but does not invoke it.
 *
 * @returns the reason why the function does not start; undefined if it starts
 */
export async function tryOut({ file, name, environment }: Candidate): Promise<string | undefined> {
  const worker = new Worker(new URL('./try-out-thread.ts', import.meta.url), {
    env: { ...environment },
    workerData: { file, name },
    // Hide the output, because the function logs it again when it runs.
    stdout: true,
    stderr: true,
  })
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const tooLate = setTimeout(() => resolve(`it has not started within ${WITHIN_MS / 1000} s`), WITHIN_MS)
  worker.once('message', () => resolve(undefined))
  worker.on('error', error => resolve(`it does not start: ${messageOf(error)}`))
  worker.once('exit', code => resolve(`it ends its process with exit code ${code} when it starts`))
  try {
    return await promise
  } finally {
    clearTimeout(tooLate)
    await worker.terminate()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
