/** CloudEvents `type` of a failure: a record could not be processed. */
export const FAILURE_TYPE = 'io.sluice.failure.v1'
/** CloudEvents `type` of a dead letter: a failure that waits for people. */
export const DEAD_LETTER_TYPE = 'io.sluice.dead-letter.v1'
