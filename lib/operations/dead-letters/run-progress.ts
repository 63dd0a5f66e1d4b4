/** Tracks a run of an operation for the stored list: its progress, the work that must be audited, and how it ended. */
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { isExpected } from './errors.ts'
import { countsOf, type Run } from './handle.ts'
import type { KeptOperation, OperationProgress, Unaudited } from './kept.ts'

/** Progress of a run. It can be read even before the run has selected its dead letters. */
export class RunProgress {
  run: Run | undefined
  readonly #before: KeptOperation
  readonly #by: string
  readonly #startedAt = instant(Date.now())
  /** Work that still must be audited. At first, this is the remaining work of the previous run, if any. */
  #owed: Unaudited | undefined
  #isOver = false

  /** @param by operator who started the run */
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
   * Writes the missing audit event: for the previous run if this run has not started yet, otherwise for this run.
   *
   * @param write writes the audit event. If it throws, the next run writes the event.
   */
  async audit(write: (unaudited: Unaudited) => Promise<void>): Promise<void> {
    this.#owed = this.#unaudited()
    this.#isOver = this.run !== undefined
    if (this.#owed) await write(this.#owed)
    this.#owed = undefined
  }

  /** Returns the work that must be audited. It is also stored during the run, in case the process dies. */
  #unaudited(): Unaudited | undefined {
    if (this.#owed || this.#isOver || !this.run?.tally.taken) return this.#owed
    const counts = countsOf(this.#before.request.command, this.run.tally)
    return { by: this.#by, startedAt: this.#startedAt, endedAt: instant(Date.now()), counts }
  }
}

/** Returns the state in which a run has ended. Pure. */
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
    : 'This is a bug in Sluice; see the log of the console for details.'
}
