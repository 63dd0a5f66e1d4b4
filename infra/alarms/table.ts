/** All kinds of alarms by their heading in docs/runbook.md, and the metrics that intentionally have no alarm. Pure. */
import type { ErrorLineKind } from '../../packages/runtime/adapters/lambda/lines.ts'
import type { AlarmKind } from './alarm.ts'
import { CONSUMERS } from './consumers.ts'
import type { OwnMetric } from './metrics.ts'
import { STORES } from './stores.ts'

export const ALARM_KINDS: Readonly<Record<string, AlarmKind>> = { ...CONSUMERS, ...STORES }

/** Metrics of functions for which there is no alarm, each with the reason. */
export const WITHOUT_ALARM: Readonly<Partial<Record<OwnMetric, string>>> = {
  applied: 'the usual outcome',
  ignored: 'these records are not for the consumer; most of them are ticks',
  parked: 'order-given-up reports entities that are held for too long',
  held: 'order-given-up reports entities that are held for too long',
  duplicate: 'repeats have no effect',
  'dead-letters': 'dead-letters-open reports those that nobody handles',
  oldestDeadLetterSeconds: 'dead-letters-open fires until no dead letter is open',
  deadLettersQuarantined: 'dead-letters-open counts them, too',
  retriesPerMinute: 'receiver-refuses and failed-unexpectedly report the causes of retries',
  'clock-gap': 'schedule-missed reports a clock that stopped',
  'outbox-not-trimmed': 'redis-away reports the cause; published events have the same ids',
  'context-unreadable': 'after a rollback, the older code appends its rules within a minute',
  'tokens-unreadable': 'the console answers each request with the reason',
  'sign-in-failed': 'the console limits the rate of sign-ins',
  publishMs: 'lag-seconds reports slow publishing, and kafka-away reports failures',
  'parked-applied': 'parked records that were processed later',
  'parked-ignored': 'parked records that were not for the consumer',
  'parked-erased': 'requested by an operator',
  redelivered: 'no records are lost or repeated; errors reports the failed invocations',
  'spans-dropped': 'the records are processed, only their spans are missing',
  latencyMs:
    'lag-seconds reports slow consumers; the acceptable delay of individual records differs by consumer',
  invocationMs: 'errors reports invocations that run out of time',
  loadMs: 'lag-seconds reports a slow Redis, and partition-waits one that does not respond',
  commitMs: 'lag-seconds reports a slow Redis, and partition-waits one that does not respond',
  trimOutboxMs: 'lag-seconds reports a slow Redis, and redis-away one that does not respond',
  readMs: 'range-read-back reports these reads, which are for records that were not delivered',
}

/** Metric that counts each kind of ERROR log line of a consumer, or the reason why no metric counts it. */
export const COUNTED_BY: Readonly<Record<ErrorLineKind, OwnMetric | { readonly because: string }>> = {
  deferred: 'deferred',
  'records-refused': 'refused',
  'records-lost': 'expired',
  'range-read-back': 'range-read-back',
  'failures-forgotten': 'failure-memory',
  'timed-by-producers': 'timed-by-producers',
  'context-unreadable': { because: 'after a rollback, the older code appends its rules within a minute' },
  misrouted: 'misrouted',
  'breaker-open': 'breaker-open',
  'metrics-not-written': {
    because:
      'metrics could not be written either; missing data of lag-seconds raises an alarm, and MSK reports lag-records',
  },
}
