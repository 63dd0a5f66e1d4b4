import type { EventType } from '../schemas/event-types.ts'

/** CloudEvents `type` of a failure record, which describes a record that could not be processed. */
export const FAILURE_TYPE = 'io.sluice.failure.v1' satisfies EventType
/** CloudEvents `type` of a failure record in a retry topic, where it waits for the next attempt. */
export const RETRY_TYPE = 'io.sluice.retry.v1' satisfies EventType
/** CloudEvents `type` of a dead letter: a failure record that is not retried automatically. */
export const DEAD_LETTER_TYPE = 'io.sluice.dead-letter.v1' satisfies EventType
/**
 * CloudEvents `type` of the event that is written when an operator redrives or drops dead letters. It is appended to the partition
 * of the dead letters.
 */
export const DEAD_LETTERS_HANDLED_TYPE = 'io.sluice.dead-letters.handled.v1' satisfies EventType
/**
 * CloudEvents `type` of the event that marks a failure as ended, because it will not be retried. It is written to the partition of
 * the failed record.
 */
export const FAILURE_ENDED_TYPE = 'io.sluice.failure.ended.v1' satisfies EventType
