/** Converts records that Lambda has discarded, as reported in an SQS queue, to failure records. */
import { onFailure } from '../../lib/app/on-failure.ts'

export const handler = onFailure('on-failure')
