/** Redrives failed records when their retry is due, and measures the open dead letters and pending retries. */
import { scheduledFunction } from '../../lib/app/handlers/scheduled-function.ts'
import { FAMILIES } from '../../lib/app/settings/index.ts'
import { createRedriver } from '../../lib/redriver/scheduled-run.ts'

export const handler = scheduledFunction('redriver', [FAMILIES], createRedriver())
