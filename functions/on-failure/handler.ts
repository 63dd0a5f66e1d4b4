/** Turns what Lambda has given up, as an SQS queue tells of it, into failures. */
import { onFailure } from '../../lib/app/on-failure.ts'

export const handler = onFailure('on-failure')
