/**
 * Stored list of an environment's operations, during and after their runs: the request and its author, the progress, and the
 * process that currently runs the operation. Pure. The list is changed by compare-and-set, so that concurrent changes are not lost.
 */
import type { Audit } from '../../audit.ts'
import type { Aftermath } from './aftermath.ts'
import type { LeftOutReason } from './decide.ts'
import type { HandlingRequest } from './request.ts'

/** State of an operation. It stays `running` between its steps. */
export type OperationState = 'running' | 'stopped' | 'finished' | 'failed'

/** Completed work of a run that is not audited yet. The other parts of its audit event are in the operation. */
export type Unaudited = Pick<Audit, 'by' | 'startedAt' | 'endedAt' | 'counts'>

/** Number of redriven records that failed again. */
export interface FailedAgain {
  /** Number of these records so far. */
  readonly count: number
  /** True if all outcomes are known; otherwise, more records can fail. */
  readonly isDecided: boolean
  /** Positions of some of their new dead letters. */
  readonly letters: readonly string[]
}

export interface KeptOperation {
  readonly id: string
  readonly request: HandlingRequest
  /** Person who started the operation. */
  readonly by: string
  readonly state: OperationState
  /** Number of dead letters that its last run skipped, by reason. */
  readonly leftOut?: Readonly<Partial<Record<LeftOutReason, number>>> | undefined
  /** Number of dead letters redriven or dropped so far. */
  readonly taken: number
  /** Number of selected dead letters, including those already handled; null until it is known. */
  readonly total: number | null
  /** Completed work of a run that has no audit event yet. The next run writes it first. */
  readonly unaudited?: Unaudited | undefined
  /** Number of redriven records that failed again; absent while unknown. */
  readonly failedAgain?: FailedAgain
  /** Error for which it failed. */
  readonly problem?: string
  /** Process that currently runs the operation, with the time until which it counts as alive. */
  readonly worker?: { readonly name: string; readonly untilMs: number }
  /** Set if a stop was requested. */
  readonly isToStop?: true
  /** Time of the last update, in milliseconds since the epoch. */
  readonly updatedAtMs: number
}

export type KeptOperations = readonly KeptOperation[]

/** Maximum number of operations in the list. Older ones are only in the dlq topic and the audit log. */
const MAX_KEPT = 30
/** Time without a heartbeat after which a worker counts as dead, in milliseconds. */
const WORKER_MS = 10_000
/** Time within which a paused operation is expected to continue, in milliseconds. */
const PAUSE_MS = 30_000

/** Error for a request that cannot be fulfilled. The message is for users. */
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
  // A running operation is always kept: without its entry, its worker would stop.
  const runs = (one: KeptOperation) => stateNow(one, nowMs) === 'running'
  let room = MAX_KEPT - known.filter(runs).length
  return known.filter(one => runs(one) || room-- > 0)
}

interface Claiming {
  readonly id: string
  /** Name of the worker. */
  readonly name: string
  /** Required state of the operation; by default, any state in which it is not finished. */
  readonly only?: OperationState | undefined
}

/**
 * Returns the list with the worker assigned to the operation.
 *
 * @throws OperationRefused for an unknown operation, one in another state, or one that another worker runs
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
 * Stores the worker's progress.
 *
 * @throws OperationRefused if another worker runs the operation meanwhile
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
 * Stores the end of the worker's run.
 *
 * @throws OperationRefused if another worker runs the operation meanwhile
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
    // A patch contains values of the event, which are not stored longer than the operation needs them.
    if (end.state === 'finished') return { ...rest, request: { ...rest.request, patch: undefined } }
    // A stop that was requested while a step ended takes effect now.
    return isToStop && end.state === 'running' ? { ...rest, state: 'stopped' } : rest
  })
}

/**
 * Adds the results for the records that the last run of an operation redrove.
 *
 * @param redriven number of them: nothing is known of those of earlier runs
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
 * Requests a stop.
 *
 * @throws OperationRefused for an unknown operation, or one that is not running
 */
export function withStop(all: KeptOperations | undefined, id: string, nowMs: number): KeptOperations {
  return changed(all, id, nowMs, one => {
    if (one.state !== 'running') throw new OperationRefused('conflict', `Operation ${id} is not running.`)
    const { worker: _, ...idle } = one
    return isWorkedOn(one, nowMs) ? { ...one, isToStop: true } : { ...idle, state: 'stopped' }
  })
}

/** Returns the current state of an operation. An operation whose process has died is `interrupted`, and can be resumed. */
export function stateNow(one: KeptOperation, nowMs: number): OperationState | 'interrupted' {
  if (one.state !== 'running' || isWorkedOn(one, nowMs)) return one.state
  return one.worker || one.updatedAtMs + PAUSE_MS < nowMs ? 'interrupted' : 'running'
}

/**
 * Returns the operation.
 *
 * @throws OperationRefused for an unknown one
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
