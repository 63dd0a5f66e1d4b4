/**
 * Brings back failures that are due. Those that it cannot bring back go to the dlq, never to failures, from where they would
 * return here.
 */
import { scheduledForwarder } from '../../lib/app/forwarder.ts'
import { deployedRedriver } from '../../lib/app/redriver.ts'

export const handler = scheduledForwarder('redriver', deployedRedriver, { failuresTo: 'dlq' })
