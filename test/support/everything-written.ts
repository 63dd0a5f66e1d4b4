/** Returns all metrics that an observer can write, by name and reason, in the form in which CloudWatch extracts them. */
import type { LambdaObserver } from '#runtime/adapters/lambda/observer.ts'
import { failure } from '#runtime/consumer/failure-codes.ts'
import type { Decision } from '#runtime/pipeline/model/decision.ts'
import { logOf, metricsIn } from './function-log.ts'
import { EVENTS, letter, STATE_KEY } from './observed.ts'

const AT = { offset: 1, appendMs: 0 } as const
const NEW = { reason: 'too-many-new-entities', failure: failure('too-many-new-entities', 'x') } as const
const BUG = { reason: 'unexpected-error', failure: failure('unexpected-error', 'x') } as const

/** Decisions with all outcomes, and with all reasons that alarms distinguish. */
const DECISIONS: readonly Decision[] = [
  ...(['applied', 'duplicate', 'ignored', 'parked'] as const).map(outcome => ({
    ...AT,
    outcome,
    reason: 'any',
  })),
  ...(['parked-applied', 'parked-ignored', 'parked-erased'] as const).map(outcome => ({
    ...AT,
    outcome,
    reason: 'any',
  })),
  ...(['failed', 'parked-failed'] as const).map(outcome => ({ ...AT, outcome, ...BUG })),
  { ...AT, outcome: 'failed', ...NEW },
  ...(['timer-failed', 'timer-rejected'] as const).map(
    code => ({ ...AT, outcome: 'timer', reason: code, failure: failure(code, 'x') }) as const,
  ),
  { ...AT, outcome: 'timer', reason: 'parking-full', hold: 'full' },
]

function tellAll(observer: LambdaObserver): void {
  for (const [, tell] of EVENTS) tell(observer)
  for (const step of ['load', 'commit', 'trimOutbox', 'publish', 'read'] as const)
    observer.recordDuration(step, 1)
  for (const reason of ['store-unavailable', 'broker-unavailable', 'log-unreadable'] as const)
    observer.reportWaiting(STATE_KEY, { fromOffset: 1, appendMs: 0, reason })
  for (const decision of DECISIONS) observer.reportDecisions(STATE_KEY, [decision])
  observer.reportRefused(STATE_KEY, [letter('k')], new Error('x'))
  observer.reportFailureMemory(STATE_KEY, { bytes: 9, forgotten: 1 }, 10)
  observer.reportContextUnreadable(STATE_KEY, 'x')
}

export async function everythingWritten(): Promise<ReturnType<typeof metricsIn>> {
  return metricsIn(await logOf(tellAll, { environment: 'prod' }))
}
