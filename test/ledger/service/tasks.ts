/** The consumer whose records come back: it rejects as many attempts at a task as the task says. */

import { defineProcess } from '#runtime/consumer'
import type { FailurePolicy } from '../../../lib/failures/policy.ts'
import { getAttempt } from './attempts.ts'

/** Short, so that retries become due while a run lasts. `test/ledger/count/retries.ts` has them a second time. */
export const DELAYS_MS = { 'retry-1m': 600, 'retry-10m': 1_200, 'retry-1h': 60_000 } as const

/** Two retries for a rejected task, and no retries of anything else. */
export const POLICY: FailurePolicy = {
  maxAgeMs: 24 * 3_600_000,
  classes: {},
  codes: {},
  consumers: {
    failing: { classes: {}, codes: { rejected: ['1m', '10m'] } },
  },
}

interface Task {
  readonly number: number
  /** How many attempts fail. */
  readonly fails: number
}

interface TaskState {
  readonly count: number
  readonly numbers: readonly number[]
}

export const failing = defineProcess<TaskState, Task | undefined>('failing', {
  accepts: ['ledger.task.v1'],
  onEvent(state, { data }, { reason, reject }) {
    if (data === undefined) return reject('a task without data')
    if (getAttempt(data) <= data.fails) return reject(`attempt ${getAttempt(data)} is to fail`)
    const numbers = [...(state?.numbers ?? []), data.number]
    reason('done')
    return { count: numbers.length, numbers }
  },
})
