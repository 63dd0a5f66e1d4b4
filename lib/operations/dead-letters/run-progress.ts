/** How far the run of an operation is, and how it has ended, as the list of operations says it. Pure. */
import { isExpected } from './errors.ts'
import type { Run } from './handle.ts'
import type { KeptOperation } from './kept.ts'

/** How far a run is, from before it knows its records on. */
export class RunProgress {
  run: Run | undefined
  readonly #before: KeptOperation

  constructor(before: KeptOperation) {
    this.#before = before
  }

  standing(): Pick<KeptOperation, 'passed' | 'taken' | 'total'> {
    const { passed, taken, total } = this.#before
    if (!this.run) return { passed, taken, total }
    const { passage, total: toRead } = this.run
    return { passed: passage.passed, taken: passage.taken, total: passed.scanned + toRead }
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
  return progress.run?.hasBegun ? { state: 'running' } : { state: 'failed', problem: NO_STEP }
}

const NO_STEP =
  'In the time of one call, the dead letters could not even be looked through: limit the time, or use `sluice dlq`.'

function problemOf(error: unknown): string {
  return isExpected(error)
    ? (error as Error).message
    : 'This is a fault of Sluice itself; the log of the console says more.'
}
