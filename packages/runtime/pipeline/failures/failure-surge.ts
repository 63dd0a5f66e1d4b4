/**
 * Protects against a bad deployment: code that fails on nearly every record must not turn a whole topic into dead letters.
 * A single record that fails unexpectedly becomes a failure record. If most do, their batches stay in Kafka.
 */
import { entityOf } from '../../consumer/event.ts'
import { isUnexpected } from '../../consumer/failure-codes.ts'
import type { Decision, Deferred, StateKey } from '../model.ts'
import type { Ports } from '../ports.ts'

/** How many of a consumer's latest decisions are checked. */
const LATEST = 20
/** Failures of fewer entities than this indicate bad data, not a bad deployment. */
const LEAST_ENTITIES = 3
/** How long the breaker defers batches. After that, failure records are written: operators had time to react, and can redrive. */
export const OPEN_MS = 15 * 60_000

interface Outcome {
  readonly entity: string
  readonly isUnexpected: boolean
}

/** The latest decisions of a consumer that were committed, across its invocations and partitions. */
export class LatestDecisions {
  #latest: readonly Outcome[] = []

  /** Whether adding these decisions one by one leads to a surge at any point. Ignored records say nothing about the code. */
  wouldSurge(decisions: readonly Decision[]): boolean {
    const all = [...this.#latest, ...outcomesOf(decisions)]
    const firstEnd = this.#latest.length + 1
    for (let end = firstEnd; end <= all.length; end += 1)
      if (isSurge(all.slice(Math.max(0, end - LATEST), end))) return true
    return false
  }

  committed(decisions: readonly Decision[]): void {
    this.#latest = [...this.#latest, ...outcomesOf(decisions)].slice(-LATEST)
  }
}

export interface SurgeGuard {
  readonly latest: LatestDecisions
  readonly nowMs: () => number
  /** Version of the running code. The breaker is kept for each version, since another one may process the same records. */
  readonly codeVersion: () => string
}

/** During a failure surge, records stay in Kafka until the code changes, the breaker is reset, or `OPEN_MS` has passed. */
export async function deferredBySurge(
  { breaker, observer }: Pick<Ports, 'breaker' | 'observer'>,
  stateKey: StateKey,
  decisions: readonly Decision[],
  { latest, nowMs, codeVersion }: SurgeGuard,
): Promise<Deferred | undefined> {
  const first = decisions.find(failedUnexpectedly)
  if (!first || !latest.wouldSurge(decisions)) return undefined
  const now = nowMs()
  const since = await breaker.open(stateKey.consumer, codeVersion(), now)
  if (since === 'reset' || now - since >= OPEN_MS) return undefined
  observer.breakerOpen(stateKey, since, first.failure)
  return { reason: 'breaker-open' }
}

function isSurge(latest: readonly Outcome[]): boolean {
  const unexpected = latest.filter(({ isUnexpected }) => isUnexpected)
  const entities = new Set(unexpected.map(({ entity }) => entity))
  return entities.size >= LEAST_ENTITIES && unexpected.length > latest.length / 2
}

const DECIDED_BY_CODE: readonly Decision['outcome'][] = [
  'applied',
  'failed',
  'timer',
  'parked-applied',
  'parked-failed',
]

/** Timers count like records: a failed timer is never retried, so a deployment that fails on timers must wait too. */
function outcomesOf(decisions: readonly Decision[]): Outcome[] {
  return decisions
    .filter(({ outcome, hold }) => DECIDED_BY_CODE.includes(outcome) && (outcome !== 'timer' || !hold))
    .map(decision => ({ entity: entityOfDecision(decision), isUnexpected: failedUnexpectedly(decision) }))
}

function failedUnexpectedly({ failure }: Decision): boolean {
  return failure !== undefined && isUnexpected(failure.code)
}

/** A record that cannot be decoded has no known entity: each such record counts as an entity of its own. */
function entityOfDecision({ event, timer, offset }: Decision): string {
  if (timer) return timer.entity
  return event ? entityOf(event) : `@${offset}`
}
