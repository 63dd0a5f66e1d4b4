/**
 * Runs operations. In a long-lived process, an operation runs in the background until it has finished. Behind an HTTP API, the
 * process is suspended between requests, so an operation runs in steps. The page requests one step after another.
 */
import {
  type KeptOperation,
  OperationRefused,
  type OperationState,
} from '../../../lib/operations/dead-letters/kept.ts'
import { DeadLetterOperations } from '../../../lib/operations/dead-letters/operations.ts'
import type { HandlingRequest } from '../../../lib/operations/dead-letters/request.ts'
import { Connections } from '../../../packages/runtime/lambda/connections.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../problem.ts'

/** Duration of one step in milliseconds, below the 30-second timeout of an HTTP API. */
const STEP_MS = 15_000

export class OperationRunner {
  readonly operations: DeadLetterOperations
  readonly #streams: boolean
  readonly #over = new AbortController()
  readonly #running = new Set<Promise<unknown>>()

  constructor(environment: ConsoleEnvironment) {
    const { config, consumers: readers, connections, streams } = environment
    this.#streams = streams
    this.operations = new DeadLetterOperations({
      config,
      readers,
      shared: connections,
      connect: () => new Connections(config, 'sluice-console-operation'),
    })
    connections.kept({ close: () => this.#pause() })
  }

  async begin(request: HandlingRequest, by: string): Promise<KeptOperation> {
    const begun = await this.operations.begin(request, by)
    return this.goOn(begun.id, by)
  }

  /**
   * Continues an operation. In a long-lived process, it runs to its end; otherwise, one step is run.
   *
   * @param only state that the operation must have; by default, any unfinished state
   */
  async goOn(id: string, by: string, only?: OperationState): Promise<KeptOperation> {
    try {
      const claim = await this.operations.claim(id, only)
      if (!this.#streams) return await this.operations.run(claim, by, AbortSignal.timeout(STEP_MS))
      const run = this.operations.run(claim, by, this.#over.signal).then(() => {}, told)
      this.#running.add(run)
      void run.then(() => this.#running.delete(run))
      return claim.kept
    } catch (error) {
      throw problemOf(error)
    }
  }

  async stop(id: string): Promise<KeptOperation> {
    try {
      return await this.operations.stop(id)
    } catch (error) {
      throw problemOf(error)
    }
  }

  /** Stops all running operations after their current batches. An operation can be resumed by its id. */
  async #pause(): Promise<void> {
    this.#over.abort()
    await Promise.all(this.#running)
  }
}

/** Logs the error of a background run. The page shows the failed state of the operation. */
function told(error: unknown): void {
  process.stderr.write(`${(error as Error).stack}\n`)
}

function problemOf(error: unknown): unknown {
  if (!(error instanceof OperationRefused)) return error
  return new ProblemError(error.code === 'unknown' ? 'not-found' : 'conflict', error.message)
}
