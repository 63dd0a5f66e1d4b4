/** Operations as the page shows them. Pure. */
import { type FailedAgain, type KeptOperation, stateNow } from '../../../lib/operations/dead-letters/kept.ts'
import { operationOf } from '../../../lib/operations/dead-letters/operation.ts'
import {
  filterTexts,
  type HandlingRequest,
  resumeCommand,
} from '../../../lib/operations/dead-letters/request.ts'
import { type LeftOut, leftOutOf } from './plan.ts'

export interface OperationAnswer {
  readonly id: string
  readonly command: HandlingRequest['command']
  readonly by: string
  /**
   * State of the operation. `interrupted` means that its process has stopped, or that the page that requested its steps was closed.
   */
  readonly state: ReturnType<typeof stateNow>
  /** Epoch milliseconds. */
  readonly begunAtMs: number
  readonly updatedAtMs: number
  /** Number of dead letters that the request selects by position; 0 if it selects by conditions. */
  readonly named: number
  /** Conditions that select dead letters, by command-line option. */
  readonly conditions: Readonly<Record<string, string>>
  readonly taken: number
  readonly leftOut: readonly LeftOut[]
  /** Redriven dead letters that failed again. Null for a drop, for an unfinished redrive, and if no dead letter was redriven. */
  readonly failedAgain: FailedAgain | null
  /** Progress, 0 to 1; null if unknown. */
  readonly part: number | null
  /** Error of a failed operation; null otherwise. */
  readonly problem: string | null
  /** Command that resumes the operation; null once it has finished. */
  readonly resume: string | null
}

const UNKNOWN: FailedAgain = { count: 0, isDecided: false, letters: [] }

export function operationAnswer(one: KeptOperation, env: string, nowMs: number): OperationAnswer {
  const { id, request, by, taken, leftOut = {}, problem, updatedAtMs } = one
  const { command, ats, filter, perSecond, again, patch } = request
  const rate = perSecond === undefined ? undefined : `${perSecond}/s`
  const conditions = filterTexts(filter)
  const state = stateNow(one, nowMs)
  const options = { ...conditions, rate, again: again || undefined, patch, env }
  return {
    id,
    command,
    by,
    state,
    begunAtMs: operationOf(id).startedAtMs,
    updatedAtMs,
    named: ats.length,
    conditions,
    taken,
    leftOut: leftOutOf(leftOut),
    failedAgain:
      command === 'redrive' && state === 'finished' && taken > 0 ? (one.failedAgain ?? UNKNOWN) : null,
    part: state === 'finished' ? 1 : partOf(one),
    problem: problem ?? null,
    resume: state === 'finished' ? null : resumeCommand(command, id, ats, options),
  }
}

function partOf({ taken, leftOut = {}, total }: KeptOperation): number | null {
  const decided = Object.values(leftOut).reduce((sum, count) => sum + count, taken)
  return total === null ? null : Math.min(1, decided / (total || 1))
}
