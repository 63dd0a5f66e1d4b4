/** Turns records that Lambda discarded, as reported through an SQS queue, into failures. */
import { onFailure } from '../../lib/app/on-failure.ts'

export const handler = onFailure('on-failure')
