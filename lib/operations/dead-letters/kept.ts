/**
 * Defines the stored list of operations. It contains the request, the operator, the progress, and the process that currently runs
 * the operation. The list is changed by compare-and-set, so concurrent changes are not lost. Pure.
 */
import type { Audit } from '../../audit.ts'
import type { Aftermath } from './aftermath.ts'
import type { LeftOutReason } from './decide.ts'
import type { HandlingRequest } from './request.ts'

/** State of an operation. An operation that is paused between two runs is still `running`. */
export type OperationState = 'running' | 'stopped' | 'finished' | 'failed'

/** Completed work of a run that has not been audited yet. The operation contains the other parts of the audit event. */
export type Unaudited = Pick<Audit, 'by' | 'startedAt' | 'endedAt' | 'counts'>

/** Redriven records that have failed again. */
export interface FailedAgain {
  /** Number of records that have failed again so far. */
  readonly count: number
  /** True if the outcomes of all redriven records are known. Otherwise, more records can fail. */
  readonly isDecided: boolean
  /** Positions of some of the new dead letters. */
  readonly letters: readonly string[]
}

export interface KeptOperation {
  readonly id: string
  readonly request: HandlingRequest
  /** Operator who started the operation. */
  readonly by: string
  readonly state: OperationState
  /** Number of dead letters that the last run skipped, by reason. */
  readonly leftOut?: Readonly<Partial<Record<LeftOutReason, number>>> | undefined
  /** Number of dead letters redriven or dropped so far. */
  readonly taken: number
  /** Number of selected dead letters, including those handled by earlier runs; null until it is known. */
  readonly total: number | null
  /** Completed work that has not been audited yet. The next run first writes the audit event for it. */
  readonly unaudited?: Unaudited | undefined
  /** Redriven records that have failed again; absent while unknown. */
  readonly failedAgain?: FailedAgain
  /** Error that caused the operation to fail. */
  readonly problem?: string
  /** Process that currently runs the operation, and the time until which this process is considered alive. */
  readonly worker?: { readonly name: string; readonly untilMs: number }
  /** True if a stop was requested. */
  readonly isToStop?: true
  /** Time of the last update, in milliseconds since the epoch. */
  readonly updatedAtMs: number
}

export type KeptOperations = readonly KeptOperation[]

/** Maximum number of operations in the list. Older operations are only recorded in the dlq topic and the audit log. */
const MAX_KEPT = 30
/** Time without a heartbeat, in milliseconds, after which a worker is considered dead. */
const WORKER_MS = 10_000
/** Time, in milliseconds, within which a paused operation is expected to continue. */
const PAUSE_MS = 30_000

/** Error for a request that cannot be carried out. The message is for users. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused'
  readonly code: 'unknown' | 'conflict'

  constructor(code: OperationRefused['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Returns the list with a new operation, newest first. */
export function withBegun(
  all: KeptOperations | undefined,
  one: Pick<KeptOperation, 'id' | 'request' | 'by'>,
  nowMs: number,
): KeptOperations {
  const begun: KeptOperation = {
    ...one,
    state: 'running',
    taken: 0,
    total: null,
    updatedAtMs: nowMs,
  }
  const known = [begun, ...(all ?? [])]
  // Running operations are always kept. Without its entry, a worker would stop.
  const runs = (one: KeptOperation) => stateNow(one, nowMs) === 'running'
  let room = MAX_KEPT - known.filter(runs).length
  return known.filter(one => runs(one) || room-- > 0)
}

interface Claiming {
  readonly id: string
  /** Unique name of the worker. */
  readonly name: string
  /** Required state of the operation; by default, any state except finished. */
  readonly only?: OperationState | undefined
}

/**
 * Assigns the worker to the operation, and returns the changed list.
 *
 * @throws OperationRefused if the operation is unknown, in another state, or run by another worker
 */
export function withWorker(
  all: KeptOperations | undefined,
  { id, name, only }: Claiming,
  nowMs: number,
): KeptOperations {
  return changed(all, id, nowMs, ({ problem: _, isToStop: __, ...one }) => {
    if (one.state === 'finished' || (only ?? one.state) !== one.state)
      throw new OperationRefused('conflict', `Operation ${id} is ${one.state}.`)
    if (one.worker && one.worker.name !== name && one.worker.untilMs > nowMs)
      throw new OperationRefused('conflict', `Operation ${id} is already running.`)
    return { ...one, state: 'running', worker: { name, untilMs: nowMs + WORKER_MS } }
  })
}

/** Progress of an operation. */
export type OperationProgress = Pick<KeptOperation, 'leftOut' | 'taken' | 'total' | 'unaudited'>

/**
 * Stores the worker's progress, and returns the changed list.
 *
 * @throws OperationRefused if another worker has taken over the operation
 */
export function withProgress(
  all: KeptOperations | undefined,
  id: string,
  name: string,
  progress: OperationProgress,
  nowMs: number,
): KeptOperations {
  return changed(all, id, nowMs, one => {
    requireWorker(one, name)
    return { ...one, ...progress, worker: { name, untilMs: nowMs + WORKER_MS } }
  })
}

/**
 * Stores the end of the worker's run, and returns the changed list.
 *
 * @throws OperationRefused if another worker has taken over the operation
 */
export function withEnd(
  all: KeptOperations | undefined,
  id: string,
  name: string,
  end: OperationProgress & Pick<KeptOperation, 'state' | 'problem'>,
  nowMs: number,
): KeptOperations {
  return changed(all, id, nowMs, one => {
    requireWorker(one, name)
    const { worker: _, isToStop, ...rest } = { ...one, ...end }
    // A patch contains values of an event. It is deleted as soon as the operation no longer needs it.
    if (end.state === 'finished') return { ...rest, request: { ...rest.request, patch: undefined } }
    // A stop that was requested while the run ended takes effect now.
    return isToStop && end.state === 'running' ? { ...rest, state: 'stopped' } : rest
  })
}

/**
 * Stores the outcomes of the records that the last run redrove, and returns the changed list.
 *
 * @param redriven number of records that the last run redrove. Outcomes of earlier runs are unknown.
 * @throws OperationRefused for an unknown operation
 */
export function withAftermath(
  all: KeptOperations | undefined,
  id: string,
  { failed, isDecided, letters }: Aftermath,
  redriven: number,
): KeptOperations {
  const { updatedAtMs } = operationIn(all, id)
  return changed(all, id, updatedAtMs, one => {
    const failedAgain = {
      count: failed,
      isDecided: isDecided && redriven === one.taken,
      letters: letters.map(({ partition, offset }) => `${partition}@${offset}`),
    }
    return { ...one, failedAgain }
  })
}

/**
 * Requests a stop of the operation, and returns the changed list.
 *
 * @throws OperationRefused if the operation is unknown or not running
 */
export function withStop(all: KeptOperations | undefined, id: string, nowMs: number): KeptOperations {
  return changed(all, id, nowMs, one => {
    if (one.state !== 'running') throw new OperationRefused('conflict', `Operation ${id} is not running.`)
    const { worker: _, ...idle } = one
    return isWorkedOn(one, nowMs) ? { ...one, isToStop: true } : { ...idle, state: 'stopped' }
  })
}

/**
 * Returns the current state of an operation. If the process that ran it has died, the state is `interrupted`, and the operation can
 * be resumed.
 */
export function stateNow(one: KeptOperation, nowMs: number): OperationState | 'interrupted' {
  if (one.state !== 'running' || isWorkedOn(one, nowMs)) return one.state
  return one.worker || one.updatedAtMs + PAUSE_MS < nowMs ? 'interrupted' : 'running'
}

/**
 * Finds an operation in the list.
 *
 * @throws OperationRefused for an unknown operation
 */
export function operationIn(all: KeptOperations | undefined, id: string): KeptOperation {
  const found = all?.find(one => one.id === id)
  if (!found)
    throw new OperationRefused(
      'unknown',
      `Operation ${id} is unknown. Only the last ${MAX_KEPT} operations are kept.`,
    )
  return found
}

function isWorkedOn({ worker }: KeptOperation, nowMs: number): boolean {
  return worker !== undefined && worker.untilMs > nowMs
}

function requireWorker({ id, worker }: KeptOperation, name: string): void {
  if (worker?.name !== name)
    throw new OperationRefused('conflict', `Operation ${id} is now run by another process.`)
}

function changed(
  all: KeptOperations | undefined,
  id: string,
  nowMs: number,
  change: (one: KeptOperation) => KeptOperation,
): KeptOperations {
  const before = operationIn(all, id)
  return (all ?? []).map(one => (one === before ? { ...change(one), updatedAtMs: nowMs } : one))
}
