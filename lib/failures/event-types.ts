import type { EventType } from '../event-types.ts'

/** CloudEvents `type` of a failure, which describes a record that could not be processed. */
export const FAILURE_TYPE = 'io.sluice.failure.v1' satisfies EventType
/** CloudEvents `type` of a failure that is in a retry topic until its next attempt. */
export const RETRY_TYPE = 'io.sluice.retry.v1' satisfies EventType
/** CloudEvents `type` of a dead letter, which is a failure that is not retried automatically. */
export const DEAD_LETTER_TYPE = 'io.sluice.dead-letter.v1' satisfies EventType
/**
 * CloudEvents `type` of the event that records the handling of dead letters by an operator. It is appended to
 * the partition of the dead letters.
 */
export const DEAD_LETTERS_HANDLED_TYPE = 'io.sluice.dead-letters.handled.v1' satisfies EventType
/**
 * CloudEvents `type` of the event that ends a failure without a further retry. It is written to the partition of the failed record.
 */
export const FAILURE_ENDED_TYPE = 'io.sluice.failure.ended.v1' satisfies EventType
