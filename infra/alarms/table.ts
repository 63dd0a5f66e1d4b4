/** All kinds of alarms by their heading in docs/runbook.md, and the reasons why other metrics have none. Pure. */
import type { ErrorLineKind } from '../../packages/runtime/adapters/lambda/lines.ts'
import type { AlarmKind } from './alarm.ts'
import { CONSUMERS } from './consumers.ts'
import type { OwnMetric } from './metrics.ts'
import { STORES } from './stores.ts'

export const ALARM_KINDS: Readonly<Record<string, AlarmKind>> = { ...CONSUMERS, ...STORES }

/** Metrics of functions that have no alarm, with the reasons. */
export const WITHOUT_ALARM: Readonly<Partial<Record<OwnMetric, string>>> = {
  ignored: 'these records are not for the consumer: ticks above all',
  parked: 'entities-held reports waiting entities, and order-given-up those that waited too long',
  'parked-applied': 'parked records that were processed in the end',
  'parked-ignored': 'parked records that were not for the consumer',
  'parked-erased': 'requested by a person',
  redelivered: 'no record is lost or repeated; errors reports the invocations that were delivered again',
  'spans-dropped': 'the records are processed without their spans',
  latencyMs: 'lag-seconds reports a slow consumer; the promised delay of single records differs by consumer',
  invocationMs: 'an invocation that runs out of time is an error: errors',
  loadMs: 'a slow Redis shows as lag, one that does not answer as partition-waits',
  commitMs: 'a slow Redis shows as lag, one that does not answer as partition-waits',
  trimOutboxMs: 'a slow Redis shows as lag, and outbox-not-trimmed reports failures',
  readMs: 'only records that were not delivered are read, which range-read-back reports',
}

/** Metric that counts each kind of ERROR log line of a consumer, or the reason why there is none. */
export const COUNTED_BY: Readonly<Record<ErrorLineKind, OwnMetric | { readonly because: string }>> = {
  deferred: 'deferred',
  'records-refused': 'refused',
  'records-lost': 'expired',
  'range-read-back': 'range-read-back',
  'restored-from-checkpoint': 'restored-from-checkpoint',
  'checkpoint-damaged': 'checkpoint-damaged',
  'failures-forgotten': 'failure-memory',
  'timed-by-producers': 'timed-by-producers',
  'context-unreadable': 'context-unreadable',
  misrouted: 'misrouted',
  'breaker-open': 'breaker-open',
  'metrics-not-written': {
    because:
      'it would be a metric itself, and could not be written either: lag-seconds then has no data, which is an alarm, and MSK counts lag-records',
  },
}
