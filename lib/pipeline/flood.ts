/**
 * The guard against a bad deployment: code that throws at nearly everything must not empty the topic into the dead
 * letters. A record that one bug breaks goes out as a failure; when most do, their batches stay in Kafka.
 */
import { entityOf } from '../domain/event.ts'
import { isUnexpected } from '../domain/failure/codes.ts'
import type { Decision } from './ports.ts'

/** So many of a consumer's latest decisions are looked at. */
const LATEST = 20
/** One entity with broken data is no flood, and neither are two. */
const LEAST_ENTITIES = 3
/** So long a flood is held back. Then its failures go out, to be tried again later: somebody has had the time to look. */
export const HELD_MS = 15 * 60_000

interface Judged {
  readonly entity: string
  readonly isUnexpected: boolean
}

/** The latest decisions of a consumer that were committed, across its invocations and partitions. */
export class LatestDecisions {
  #latest: readonly Judged[] = []

  /** Whether with these, one after another, there is a flood at any time. Ignored records say nothing about the code. */
  wouldFlood(decisions: readonly Decision[]): boolean {
    const all = [...this.#latest, ...judged(decisions)]
    const firstEnd = this.#latest.length + 1
    for (let end = firstEnd; end <= all.length; end += 1)
      if (isFlood(all.slice(Math.max(0, end - LATEST), end))) return true
    return false
  }

  committed(decisions: readonly Decision[]): void {
    this.#latest = [...this.#latest, ...judged(decisions)].slice(-LATEST)
  }
}

export function hasUnexpected(decisions: readonly Decision[]): boolean {
  return decisions.some(failedUnexpectedly)
}

function isFlood(latest: readonly Judged[]): boolean {
  const unexpected = latest.filter(({ isUnexpected }) => isUnexpected)
  const entities = new Set(unexpected.map(({ entity }) => entity))
  return entities.size >= LEAST_ENTITIES && unexpected.length > latest.length / 2
}

/** Timers count like records: a timer that fails leaves for good, so a deployment that throws at timers must wait too. */
function judged(decisions: readonly Decision[]): Judged[] {
  return decisions
    .filter(({ outcome }) => outcome === 'applied' || outcome === 'failed' || outcome === 'timer')
    .map(decision => ({ entity: entityOfDecision(decision), isUnexpected: failedUnexpectedly(decision) }))
}

export function failedUnexpectedly({ fault }: Decision): boolean {
  return fault !== undefined && isUnexpected(fault.code)
}

/** What cannot be decoded has no entity that could be told: each such record counts as one. */
function entityOfDecision({ event, timer, offset }: Decision): string {
  if (timer) return timer.entity
  return event ? entityOf(event) : `@${offset}`
}
