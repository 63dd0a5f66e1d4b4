/** Redrives failed records when their retry is due, and measures the open dead letters and pending retries. */
import { NAME } from '../../lib/app/name.ts'
import { createRedriver, REDRIVER_SETTINGS } from '../../lib/redriver/redriver.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { createScheduledHandler } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = createScheduledHandler(
  'redriver',
  Connections,
  REDRIVER_SETTINGS,
  createRedriver(),
  NAME,
)
