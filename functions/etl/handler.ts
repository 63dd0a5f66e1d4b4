/** Loads new records of the history into the marts of the warehouse. */
import { NAME } from '../../lib/app/name.ts'
import { GENERAL, HISTORY, WAREHOUSE } from '../../lib/app/settings/index.ts'
import { NoConnections, runScheduledEtl } from '../../lib/operations/etl/scheduled.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = scheduled('etl', NoConnections, [GENERAL, HISTORY, WAREHOUSE], runScheduledEtl, NAME)
