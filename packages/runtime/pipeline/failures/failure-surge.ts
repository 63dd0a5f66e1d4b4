/**
 * Circuit breaker for faulty deployments: code that fails on nearly every record must not turn a whole topic into dead letters. If
 * only a single record fails unexpectedly, it becomes a failure record. If most records fail, their batches stay in Kafka.
 */
import { formatEntity } from '../../consumer/event.ts'
import { isUnexpected } from '../../consumer/failure-codes.ts'
import type { Decision, Deferred } from '../model/decision.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { Ports } from '../ports.ts'

/** Number of decisions of a consumer that are checked. Only the latest decisions are checked. */
const LATEST = 20
/** Minimum number of entities with failures. Fewer affected entities indicate bad data rather than a faulty deployment. */
const LEAST_ENTITIES = 3
/**
 * Maximum time for which the breaker defers batches, in milliseconds. After that time, operators have had a chance to react, so
 * failure records are written. These records can be redriven.
 */
export const OPEN_MS = 15 * 60_000

interface Outcome {
  readonly entity: string
  readonly isUnexpected: boolean
}

/** The latest committed decisions of a consumer, across its invocations and partitions. */
export class LatestDecisions {
  #latest: readonly Outcome[] = []

  /**
   * Returns true if these decisions, added one by one to the latest ones, amount to a surge at any point. Ignored records are not
   * counted, because they do not depend on the code.
   */
  wouldSurge(decisions: readonly Decision[]): boolean {
    const all = [...this.#latest, ...listCounted(decisions).map(toOutcome)]
    const firstEnd = this.#latest.length + 1
    for (let end = firstEnd; end <= all.length; end += 1)
      if (isSurge(all.slice(Math.max(0, end - LATEST), end))) return true
    return false
  }

  add(decisions: readonly Decision[]): void {
    this.#latest = [...this.#latest, ...listCounted(decisions).slice(-LATEST).map(toOutcome)].slice(-LATEST)
  }
}

export interface SurgeGuard {
  readonly latest: LatestDecisions
  readonly nowMs: () => number
  /** Version of the running code. Each version has its own breaker, because another version may process the same records. */
  readonly codeVersion: () => string
}

/** Defers the records during a failure surge, until the code changes or `OPEN_MS` has passed. */
export async function deferDuringSurge(
  { breaker, report }: Pick<Ports, 'breaker' | 'report'>,
  stateKey: StateKey,
  decisions: readonly Decision[],
  { latest, nowMs, codeVersion }: SurgeGuard,
): Promise<Deferred | undefined> {
  const first = decisions.find(hasFailedUnexpectedly)
  if (!first || !latest.wouldSurge(decisions)) return undefined
  const now = nowMs()
  const sinceMs = await breaker.open(stateKey.consumer, codeVersion(), now)
  if (now - sinceMs >= OPEN_MS) return undefined
  report({ kind: 'breaker-open', stateKey, sinceMs, failure: first.failure })
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

/** Returns the decisions that count towards a surge. Timers count too: their failed steps are never retried. */
function listCounted(decisions: readonly Decision[]): readonly Decision[] {
  return decisions.filter(
    ({ outcome, hold, isPublished }) =>
      // A failure that was published before says nothing about this code.
      DECIDED_BY_CODE.includes(outcome) && (outcome !== 'timer' || !hold) && !isPublished,
  )
}

function toOutcome(decision: Decision): Outcome {
  return { entity: getDecisionEntity(decision), isUnexpected: hasFailedUnexpectedly(decision) }
}

export function hasFailedUnexpectedly({ failure, isPublished }: Decision): boolean {
  return failure !== undefined && !isPublished && isUnexpected(failure.code)
}

/**
 * Returns the entity of a decision. If a record cannot be decoded, its entity is unknown, so each such record counts as a separate
 * entity.
 */
function getDecisionEntity({ event, timer, offset }: Decision): string {
  if (timer) return timer.entity
  return event ? formatEntity(event) : `@${offset}`
}
