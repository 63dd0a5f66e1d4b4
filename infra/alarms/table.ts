/** Every kind of alarm, by its heading in docs/runbook.md, and why other metrics have none. Pure. */
import type { ErrorLineKind } from '../../packages/runtime/adapters/lambda/lines.ts'
import type { AlarmKind } from './alarm.ts'
import { CONSUMERS } from './consumers.ts'
import type { OwnMetric } from './metrics.ts'
import { STORES } from './stores.ts'

export const ALARM_KINDS: Readonly<Record<string, AlarmKind>> = { ...CONSUMERS, ...STORES }

/** Metrics of the functions that have no alarm, and why not. */
export const WITHOUT_ALARM: Readonly<Partial<Record<OwnMetric, string>>> = {
  ignored: 'these records are not for the consumer: ticks above all',
  parked: 'entities-held tells of entities that wait, and order-given-up of those that waited for too long',
  'parked-applied': 'parked records that were processed in the end',
  'parked-ignored': 'parked records that were not for the consumer',
  'parked-erased': 'somebody asked for it',
  redelivered: 'nothing is lost or repeated; errors tells of the invocations that were delivered again',
  'spans-dropped': 'the records are processed without their spans',
  latencyMs:
    'lag-seconds tells of a consumer that is late; what is promised for single records differs by consumer',
  invocationMs: 'an invocation that runs out of time is an error: errors',
  loadMs: 'a slow Redis shows as lag, one that does not answer as partition-waits',
  commitMs: 'a slow Redis shows as lag, one that does not answer as partition-waits',
  trimOutboxMs: 'a slow Redis shows as lag, and outbox-not-trimmed tells where it fails',
  readMs: 'only what was not delivered is read, of which range-read-back tells',
}

/** The metric that counts what each line at ERROR of a consumer tells, or why none does. */
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
