/** Examples of all reports of the pipeline, for tests of its telemetry. */
import type { LambdaObserver } from '../../adapters/lambda/observer.ts'
import { type FailureCode, failure } from '../../consumer/failure-codes.ts'
import type { Key } from '../../consumer/process.ts'
import type { Decision } from '../../pipeline/model/decision.ts'
import type { OutboxEntry, StateKey } from '../../pipeline/model/partition-state.ts'
import type { Report, ReportOf } from '../../pipeline/model/report.ts'
import { TOPIC } from './records.ts'

export const STATE_KEY: StateKey = { consumer: 'tested', topic: TOPIC, partition: 3 }
/** Sensor whose key is assigned to partition 0, to which the records of these tests belong. */
export const HERE = { sensor: 's-6' }

/** Content of a report, with the `counter/reason` that it must increase, and by how much. */
type Example<Kind extends Report['kind']> = readonly [
  content: Omit<ReportOf<Kind>, 'kind' | 'stateKey'>,
  counter?: string,
  count?: number,
]

const EXAMPLES: { readonly [Kind in Report['kind']]: readonly Example<Kind>[] } = {
  decisions: [
    ...(['applied', 'duplicate', 'ignored', 'parked'] as const).map(outcome => decided({ outcome })),
    ...(['parked-applied', 'parked-ignored'] as const).map(outcome => decided({ outcome })),
    ...(['failed', 'parked-failed'] as const).map(outcome => decided({ outcome }, 'unexpected-error')),
    decided({ outcome: 'failed' }, 'too-many-new-entities'),
    decided({ outcome: 'timer', reason: 'silent' }),
    decided({ outcome: 'timer' }, 'timer-failed'),
    decided({ outcome: 'timer' }, 'timer-rejected'),
    decided({ outcome: 'failed', hold: 'begins' }, 'unexpected-error', 'held/unexpected-error'),
    decided({ outcome: 'timer', hold: 'time' }, undefined, 'released/time'),
    decided({ outcome: 'timer', hold: 'full' }, undefined, 'released/full'),
  ],
  redelivered: [[{ records: 7 }, 'redelivered/at-or-below-applied-offset', 7]],
  deferred: (['contended', 'store-unavailable', 'broker-unavailable', 'log-unreadable'] as const).map(
    reason => [{ fromOffset: 1, appendMs: 0, reason }, `deferred/${reason}`],
  ),
  'offer-failed': [
    [
      { attempt: 1, of: 3, records: 4, offset: 5, cause: { safeMessage: undefined } },
      'offer-failed/not-accepted',
      4,
    ],
  ],
  'outbox-not-trimmed': [[{ count: 2, error: new Error('away') }, 'outbox-not-trimmed/trim-failed', 2]],
  refused: [[{ entries: [letter('k')], error: new Error('x') }, 'refused/never-taken']],
  'dead-letters': [[{ entries: [letter('k'), letter('k')] }, 'dead-letters/sent', 2]],
  'range-read-back': [[{ fromOffset: 10, toOffset: 19 }, 'range-read-back/never-delivered', 10]],
  'failures-not-kept': [[{ records: 4 }, 'range-read-back/failures-not-kept', 4]],
  expired: [[{ fromOffset: 10, toOffset: 12 }, 'expired/not-in-the-log', 3]],
  'no-applied-offset': [[{ fromOffset: 5 }, 'no-applied-offset/starts-anew']],
  'log-created-again': [[{ appliedOffset: 5 }]],
  'failure-memory': [
    [{ bytes: 9, forgotten: 0, limit: 10 }, 'failure-memory/nearly-full'],
    [{ bytes: 9, forgotten: 2, limit: 10 }, 'failure-memory/forgotten', 2],
  ],
  'clock-gap': [[{ beforeOffset: 5, ms: 600_000 }, 'clock-gap/no-records']],
  'timed-by-producers': [[{ fromOffset: 5 }, 'timed-by-producers/create-time']],
  'context-unreadable': [[{ why: 'x' }, 'context-unreadable/other-code']],
  misrouted: [[{ fromOffset: 5, records: 3 }, 'misrouted/another-partitioner', 3]],
  'breaker-open': [[{ sinceMs: 0 }, 'breaker-open/surge']],
}

export const REPORTS = Object.entries(EXAMPLES).flatMap(([kind, examples]) =>
  examples.map(([content, counter, count = 1]) => ({
    report: { kind, stateKey: STATE_KEY, ...content } as Report,
    counter,
    count,
  })),
)

/** Makes an observer write all its metrics. */
export function reportEverything(observer: LambdaObserver): void {
  for (const { report } of REPORTS) observer.report(report)
  for (const step of ['load', 'commit', 'trimOutbox', 'publish', 'read'] as const)
    observer.recordDuration(step, 1)
}

function decided(
  given: Partial<Decision> & Pick<Decision, 'outcome'>,
  code?: FailureCode,
  counter = `${given.outcome}/${code ?? given.reason ?? 'any'}`,
): Example<'decisions'> {
  const failed = code && { reason: code, failure: failure(code, 'x') }
  return [{ decisions: [{ offset: 1, appendMs: 0, reason: 'any', ...given, ...failed }] }, counter]
}

export function letter(key: Key): OutboxEntry {
  const event = { id: 'l', source: '/consumers/a', type: 'dead', data: 'SECRET' }
  return { position: '0.1.1', to: 'dlq', key, event }
}
