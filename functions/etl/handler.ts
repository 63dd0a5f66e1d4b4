/** Loads new records of the history into the marts of the warehouse. */
import { NAME } from '../../lib/app/name.ts'
import { GENERAL, HISTORY, WAREHOUSE } from '../../lib/app/settings/index.ts'
import { NoConnections, runScheduledEtl } from '../../lib/operations/etl/scheduled.ts'
import { createScheduledHandler } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = createScheduledHandler(
  'etl',
  NoConnections,
  [GENERAL, HISTORY, WAREHOUSE],
  runScheduledEtl,
  NAME,
)
