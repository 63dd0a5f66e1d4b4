/** Converts records that Lambda has discarded, as reported in an SQS queue, to failure records. */
import { onFailure } from '../../lib/failures/on-failure/messages.ts'

export const handler = onFailure('on-failure')
