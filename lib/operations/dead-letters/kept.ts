/**
 * The operations of an environment, as they are kept while they run and after: who asked for what, how far it has come, and which process
 * does it now. Pure. The list is changed by compare-and-set, so that two who change it at once lose nothing.
 */
import type { Audit } from '../../audit.ts'
import type { Aftermath } from './aftermath.ts'
import type { LeftOutReason } from './decide.ts'
import type { HandlingRequest } from './request.ts'

/** An operation is `running` also between the steps in which it is done. */
export type OperationState = 'running' | 'stopped' | 'finished' | 'failed'

/** Work of a run that is not audited yet; the operation has the rest of its audit event. */
export type Unaudited = Pick<Audit, 'by' | 'startedAt' | 'endedAt' | 'counts'>

/** Number of redriven records that failed again. */
export interface FailedAgain {
  /** How many of them, as far as is known. */
  readonly count: number
  /** Whether all are decided; otherwise, more of them can fail. */
  readonly isDecided: boolean
  /** The places of some of their new dead letters. */
  readonly letters: readonly string[]
}

export interface KeptOperation {
  readonly id: string
  readonly request: HandlingRequest
  /** Person who began it. */
  readonly by: string
  readonly state: OperationState
  /** How many its last run has left out, by the reason. */
  readonly leftOut?: Readonly<Partial<Record<LeftOutReason, number>>> | undefined
  /** How many it has redriven or dropped so far. */
  readonly taken: number
  /** How many dead letters are selected, with those that were taken before; null before it knows. */
  readonly total: number | null
  /** Work of a run without an audit event: the next run writes it first. */
  readonly unaudited?: Unaudited | undefined
  /** Number of redriven records that failed again; missing while unknown. */
  readonly failedAgain?: FailedAgain
  /** Why it has failed. */
  readonly problem?: string
  /** The process that does it now, until it says so again. */
  readonly worker?: { readonly name: string; readonly untilMs: number }
  /** A stop was requested. */
  readonly isToStop?: true
  /** Milliseconds since the epoch. */
  readonly updatedAtMs: number
}

export type KeptOperations = readonly KeptOperation[]

/** Older operations are in the dlq topic and the audit log only. */
const MAX_KEPT = 30
/** A worker without a heartbeat for this long counts as gone. */
const WORKER_MS = 10_000
/** A paused operation is expected to continue by itself within this time. */
const PAUSE_MS = 30_000

/** Thrown for a request that cannot be fulfilled. The message is for users. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused'
  readonly code: 'unknown' | 'conflict'

  constructor(code: OperationRefused['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** The newest first. */
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
  // One that runs stays: without its entry, its worker is stopped.
  const runs = (one: KeptOperation) => stateNow(one, nowMs) === 'running'
  let room = MAX_KEPT - known.filter(runs).length
  return known.filter(one => runs(one) || room-- > 0)
}

interface Claiming {
  readonly id: string
  /** Name of the worker. */
  readonly name: string
  /** The state in which it is taken; else, any in which it is not finished. */
  readonly only?: OperationState | undefined
}

/** @throws OperationRefused for an unknown operation, one in another state, or one that another worker runs now */
export function withWorker(
  all: KeptOperations | undefined,
  { id, name, only }: Claiming,
  nowMs: number,
): KeptOperations {
  return changed(all, id, nowMs, ({ problem: _, isToStop: __, ...one }) => {
    if (one.state === 'finished' || (only ?? one.state) !== one.state)
      throw new OperationRefused('conflict', `Operation ${id} is ${one.state}.`)
    if (one.worker && one.worker.name !== name && one.worker.untilMs > nowMs)
      throw new OperationRefused('conflict', `Operation ${id} is running already.`)
    return { ...one, state: 'running', worker: { name, untilMs: nowMs + WORKER_MS } }
  })
}

/** How far an operation is. */
export type OperationProgress = Pick<KeptOperation, 'leftOut' | 'taken' | 'total' | 'unaudited'>

/** The worker says how far it is. @throws OperationRefused if another one does the operation meanwhile */
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

/** The worker has ended its run. @throws OperationRefused if another one does the operation meanwhile */
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
    // A patch has values of the event, which are kept no longer than the operation needs them.
    if (end.state === 'finished') return { ...rest, request: { ...rest.request, patch: undefined } }
    // A stop that was requested while a step ended takes effect now.
    return isToStop && end.state === 'running' ? { ...rest, state: 'stopped' } : rest
  })
}

/**
 * Adds the results of the records that the last run of an operation has redriven.
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

/** @throws OperationRefused for an unknown operation, or one that does not run */
export function withStop(all: KeptOperations | undefined, id: string, nowMs: number): KeptOperations {
  return changed(all, id, nowMs, one => {
    if (one.state !== 'running') throw new OperationRefused('conflict', `Operation ${id} does not run.`)
    const { worker: _, ...idle } = one
    return isWorkedOn(one, nowMs) ? { ...one, isToStop: true } : { ...idle, state: 'stopped' }
  })
}

/** Returns the present state of an operation: one whose process has died is `interrupted`, and can be resumed. */
export function stateNow(one: KeptOperation, nowMs: number): OperationState | 'interrupted' {
  if (one.state !== 'running' || isWorkedOn(one, nowMs)) return one.state
  return one.worker || one.updatedAtMs + PAUSE_MS < nowMs ? 'interrupted' : 'running'
}

/** @throws OperationRefused for an unknown operation */
export function operationIn(all: KeptOperations | undefined, id: string): KeptOperation {
  const found = all?.find(one => one.id === id)
  if (!found)
    throw new OperationRefused('unknown', `There is no operation ${id}; the last ${MAX_KEPT} are kept.`)
  return found
}

function isWorkedOn({ worker }: KeptOperation, nowMs: number): boolean {
  return worker !== undefined && worker.untilMs > nowMs
}

function requireWorker({ id, worker }: KeptOperation, name: string): void {
  if (worker?.name !== name)
    throw new OperationRefused('conflict', `Operation ${id} is done by another process now.`)
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
