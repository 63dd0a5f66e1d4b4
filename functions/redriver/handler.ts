/** Brings back failures that are due. What it cannot bring back goes to the dlq, never to failures: it would come here again. */
import { scheduledForwarder } from '../../lib/app/forwarder.ts'
import { deployedRedriver } from '../../lib/app/redriver.ts'

export const handler = scheduledForwarder('redriver', deployedRedriver, { failuresTo: 'dlq' })
