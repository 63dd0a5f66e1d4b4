/** How far the run of an operation is, what it has to audit, and how it has ended, as the list of operations says it. */
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { isExpected } from './errors.ts'
import { countsOf, type Run } from './handle.ts'
import type { KeptOperation, OperationProgress, Unaudited } from './kept.ts'

/** How far a run is, from before it knows its records on. */
export class RunProgress {
  run: Run | undefined
  readonly #before: KeptOperation
  readonly #by: string
  readonly #startedAt = instant(Date.now())
  /** Handled dead letters that are still to be written: of the run before, then of this one. */
  #owed: Unaudited | undefined
  #isOver = false

  /** @param by who lets it run */
  constructor(before: KeptOperation, by: string) {
    this.#before = before
    this.#by = by
    this.#owed = before.unaudited
  }

  standing(): OperationProgress {
    const { leftOut, taken, total } = this.#before
    const unaudited = this.#unaudited()
    if (this.run?.total === undefined) return { leftOut, taken, total, unaudited }
    const { tally } = this.run
    return {
      leftOut: Object.fromEntries(tally.leftOut),
      taken: taken + tally.taken,
      total: taken + this.run.total,
      unaudited,
    }
  }

  /**
   * Audits what has no audit event yet: before the run has begun, what the one before could not; else, what this one has done.
   *
   * @param write what it throws is thrown, and the next run writes the event
   */
  async audit(write: (unaudited: Unaudited) => Promise<void>): Promise<void> {
    this.#owed = this.#unaudited()
    this.#isOver = this.run !== undefined
    if (this.#owed) await write(this.#owed)
    this.#owed = undefined
  }

  /** Also while it runs: its process may die. */
  #unaudited(): Unaudited | undefined {
    if (this.#owed || this.#isOver || !this.run?.tally.taken) return this.#owed
    const counts = countsOf(this.#before.request.command, this.run.tally)
    return { by: this.#by, startedAt: this.#startedAt, endedAt: instant(Date.now()), counts }
  }
}

/** How a run has ended. Pure. */
export function endOf({
  error,
  stop,
  pause,
  progress,
}: {
  readonly error: unknown
  readonly stop: AbortController
  readonly pause: AbortSignal
  readonly progress: RunProgress
}): Pick<KeptOperation, 'state' | 'problem'> {
  if (error !== undefined) return { state: 'failed', problem: problemOf(error) }
  if (stop.signal.aborted) return { state: 'stopped' }
  if (!pause.aborted) return { state: 'finished' }
  return progress.run?.total !== undefined ? { state: 'running' } : { state: 'failed', problem: NO_STEP }
}

const NO_STEP =
  'The dead letters could not be searched within one call: limit the time range, or use `sluice dlq`.'

function problemOf(error: unknown): string {
  return isExpected(error)
    ? (error as Error).message
    : 'This is a fault of Sluice itself; the log of the console says more.'
}
