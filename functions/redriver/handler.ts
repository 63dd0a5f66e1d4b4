/**
 * Redrives failed records when their retry is due. Records that cannot be redriven are sent to the dlq, because sending them to
 * `failures` would create a loop.
 */
import { scheduledForwarder } from '../../lib/app/forwarder.ts'
import { deployedRedriver } from '../../lib/app/redriver.ts'

export const handler = scheduledForwarder('redriver', deployedRedriver, { failuresTo: 'dlq' })
