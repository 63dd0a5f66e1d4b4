/** An operation as the page shows it. Pure. */
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
  /** `interrupted`: the process that did it has died, or the page that called its steps is gone. */
  readonly state: ReturnType<typeof stateNow>
  /** Milliseconds since the epoch. */
  readonly begunAtMs: number
  readonly updatedAtMs: number
  /** How many dead letters it was given by name; 0 if by conditions. */
  readonly named: number
  /** Which are meant, by the names of the command line's options. */
  readonly conditions: Readonly<Record<string, string>>
  readonly taken: number
  readonly leftOut: readonly LeftOut[]
  /** Null for a drop, before the end, and if nothing was redriven. */
  readonly failedAgain: FailedAgain | null
  /** Progress, 0 to 1; null while unknown. */
  readonly part: number | null
  /** Why it has failed; null if it has not. */
  readonly problem: string | null
  /** Command that continues it; null once it is finished. */
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
