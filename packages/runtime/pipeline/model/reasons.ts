/** Reasons of the runtime itself, for decisions about records that the consumer does not process, and for records that wait. */
import type { PartitionStopped, Unavailable } from '../errors.ts'

/** Reasons for acknowledging a record without processing it. An application can add reasons for its event types. */
export const IGNORED = {
  tick: 'it advanced the clock of the log, and had no other effect',
  'not-mine': 'the consumer does not accept its event type',
  'before-start': 'it was appended before the time from which the consumer reads',
  'redriven-for-another': 'it was redriven for another consumer, which had failed to process it',
  tombstone: 'its value is null, so it contains no event',
  'failure-ended': 'it ends the retries of a failure, but no entity of the consumer waits for them',
} as const

export type IgnoredReason = keyof typeof IGNORED | (string & {})

/** Reasons for treating a record as a repeat of an earlier one. */
export const DUPLICATE = {
  'id-known': 'an event of this source and id was applied before, with the same content',
  'not-higher': 'a later event of its origin was decided before, so this one was too',
  'attempt-known': 'this attempt at a failure was made before',
  'failure-not-open':
    'it was redriven, but its event is already processed, by corrected code or by an earlier attempt',
} as const

export type DuplicateReason = keyof typeof DUPLICATE

export const PARKED = {
  'entity-held': 'an earlier event of its entity is being retried',
} as const

export type ParkedReason = keyof typeof PARKED

const RELEASED = {
  retried: 'the event that failed has been processed',
  failed: 'a retry failed with a code that is not retried',
  ended: 'the event that failed is not retried any more',
  full: 'a record exceeded the limits for parked events',
  time: 'an event has reached the maximum parking time',
} as const

export type ReleaseReason = keyof typeof RELEASED

/** Reasons for ending a hold at a parking limit. The decision counts as a timer. */
export type BoundReason = 'parking-full' | 'parking-time'

/** Reasons for which a partition waits. Its records stay in Kafka. */
export const DEFERRED = {
  'out-of-time': 'too little time of the invocation is left',
  contended: 'other invocations committed first, several times in a row',
  'breaker-open': 'too many records have failed unexpectedly with this version of the code',
  'receiver-unavailable': 'a sink cannot reach its receiver',
  'store-unavailable': 'Redis cannot be reached',
  'broker-unavailable': 'Kafka cannot be reached',
  'registry-unavailable': 'the schema registry cannot be reached, and a schema from it is needed',
  reprocessing: 'a recomputed state is about to replace the current one',
  'log-unreadable': 'the log can be reached but not be read',
  'another-log': 'the log is not the one that the state was computed from',
  'state-evicted': 'Redis has evicted a part of the state',
  'state-newer-than-code': 'a later version of the code has stored the state of an entity',
  'state-not-migrated': 'the code cannot migrate the state of an entity, which an older version has stored',
  'parking-without-ticks': 'the process parks events, and the topic has no ticks that would release them',
  'invariant-broken': 'a defect of the runtime or of an adapter would lose or reorder records',
  'unexpected-error': 'the runtime or an adapter threw an error',
} as const

export type DeferredReason = keyof typeof DEFERRED

/** Compile-time check that the table contains the codes of all adapter errors. */
type Codes = (Unavailable | PartitionStopped)['code']
true satisfies Codes extends DeferredReason ? true : never
