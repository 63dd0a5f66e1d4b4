/** Reports of the pipeline to an observer, for tests of telemetry. */
import type { LambdaObserver } from '#runtime/adapters/lambda/observer.ts'
import { failure } from '#runtime/consumer/failure-codes.ts'
import type { Key } from '#runtime/consumer/process.ts'
import type { Decision } from '#runtime/pipeline/model/decision.ts'
import type { OutboxEntry, StateKey } from '#runtime/pipeline/model/partition-state.ts'
import { TOPIC } from './records.ts'

export const STATE_KEY: StateKey = { consumer: 'tested', topic: TOPIC, partition: 3 }
/** Sensor whose key is assigned to partition 0, to which the records of these tests belong. */
export const HERE = { sensor: 's-6' }

const HOLDS: Decision = {
  offset: 1,
  appendMs: 0,
  outcome: 'failed',
  reason: 'unexpected-error',
  failure: failure('unexpected-error', 'x'),
  hold: 'begins',
}
const GIVES_UP: Decision = { offset: 1, appendMs: 0, outcome: 'timer', reason: 'parking-time', hold: 'time' }

/** Reports of the pipeline, each with the metrics that it must produce. */
export const EVENTS: [
  report: string,
  tell: (observer: LambdaObserver) => void,
  metric: string,
  count: number,
][] = [
  [
    'records at or below the applied offset',
    o => o.reportRedelivered(STATE_KEY, 7),
    'redelivered at-or-below-applied-offset',
    7,
  ],
  [
    'a partition that waits',
    o => o.reportWaiting(STATE_KEY, { fromOffset: 1, appendMs: 0, reason: 'contended' }),
    'deferred contended',
    1,
  ],
  ['a failure surge', o => o.reportBreakerOpen(STATE_KEY, 0), 'breaker-open surge', 1],
  [
    'offsets without a delivery',
    o => o.reportRangeReadBack(STATE_KEY, { fromOffset: 10, toOffset: 19 }),
    'range-read-back never-delivered',
    10,
  ],
  [
    'records whose failures are gone',
    o => o.reportFailuresNotKept(STATE_KEY, 4),
    'range-read-back failures-not-kept',
    4,
  ],
  [
    'offsets that are gone',
    o => o.reportExpired(STATE_KEY, { fromOffset: 10, toOffset: 12 }),
    'expired not-in-the-log',
    3,
  ],
  [
    'a receiver that says later',
    o =>
      o.reportTry(STATE_KEY, { attempt: 1, of: 3, records: 4, offset: 5, cause: { safeMessage: undefined } }),
    'offer-failed not-accepted',
    4,
  ],
  ['dead letters', o => o.reportDeadLetters(STATE_KEY, [letter('k'), letter('k')]), 'dead-letters sent', 2],
  ['keys elsewhere', o => o.reportMisrouted(STATE_KEY, 5, 3), 'misrouted another-partitioner', 3],
  ['times of producers', o => o.reportTimedByProducers(STATE_KEY, 5), 'timed-by-producers create-time', 1],
  ['a silent log', o => o.reportClockGap(STATE_KEY, 5, 600_000), 'clock-gap no-records', 1],
  [
    'a store without an applied offset',
    o => o.reportStartWithoutAppliedOffset(STATE_KEY, 5),
    'no-applied-offset starts-anew',
    1,
  ],
  [
    'an outbox that was not trimmed',
    o => o.reportOutboxNotTrimmed(STATE_KEY, 2, new Error('away')),
    'outbox-not-trimmed trim-failed',
    2,
  ],
  ['lost spans', o => o.reportDroppedSpans(4, 'no-answer'), 'spans-dropped no-answer', 4],
  [
    'a timer',
    o => o.reportDecisions(STATE_KEY, [{ offset: 1, appendMs: 0, outcome: 'timer', reason: 'silent' }]),
    'timer silent',
    1,
  ],
  ['an entity that is held', o => o.reportDecisions(STATE_KEY, [HOLDS]), 'held unexpected-error', 1],
  ['an entity whose order is given up', o => o.reportDecisions(STATE_KEY, [GIVES_UP]), 'released time', 1],
  [
    'a parked record that is applied',
    o =>
      o.reportDecisions(STATE_KEY, [
        { offset: 1, appendMs: 0, outcome: 'parked-applied', reason: 'counted' },
      ]),
    'parked-applied counted',
    1,
  ],
]

export function letter(key: Key): OutboxEntry {
  const event = { id: 'l', source: '/consumers/a', type: 'dead', data: 'SECRET' }
  return { position: '0.1.1', to: 'dlq', key, event }
}
