import type { EventType } from '../event-types.ts'

/** CloudEvents `type` of a failure: a record could not be processed. */
export const FAILURE_TYPE = 'io.sluice.failure.v1' satisfies EventType
/** CloudEvents `type` of a failure that waits in a retry topic to be tried again. */
export const RETRY_TYPE = 'io.sluice.retry.v1' satisfies EventType
/** CloudEvents `type` of a dead letter: a failure that waits for people. */
export const DEAD_LETTER_TYPE = 'io.sluice.dead-letter.v1' satisfies EventType
/** CloudEvents `type` of the record that follows dead letters in their partition, and says that people have handled them. */
export const DEAD_LETTERS_HANDLED_TYPE = 'io.sluice.dead-letters.handled.v1' satisfies EventType
/** CloudEvents `type` of the event in the original partition of a failure that is not tried again. */
export const FAILURE_ENDED_TYPE = 'io.sluice.failure.ended.v1' satisfies EventType
