/**
 * Lets operations run. Where the process stays, an operation runs in it from its beginning to its end. Behind an HTTP API the process sleeps
 * between two calls, so an operation runs in steps, each within one call, and the page calls the next one.
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

/** An HTTP API gives up a call after 30 seconds. */
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
   * Goes on with an operation: to its end, or for one step.
   *
   * @param only in this state; else, in any in which it is not finished
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

  /** Finishes the present batch; the operation can be resumed by its id. */
  async #pause(): Promise<void> {
    this.#over.abort()
    await Promise.all(this.#running)
  }
}

/** A run has no waiting caller: the page sees the state of its operation, and the log has the error. */
function told(error: unknown): void {
  process.stderr.write(`${(error as Error).stack}\n`)
}

function problemOf(error: unknown): unknown {
  if (!(error instanceof OperationRefused)) return error
  return new ProblemError(error.code === 'unknown' ? 'not-found' : 'conflict', error.message)
}
