/**
 * Brings back failures that are due. Those that cannot be brought back go to the dlq, never to failures, which would send them
 * here again.
 */
import { scheduledForwarder } from '../../lib/app/forwarder.ts'
import { deployedRedriver } from '../../lib/app/redriver.ts'

export const handler = scheduledForwarder('redriver', deployedRedriver, { failuresTo: 'dlq' })
