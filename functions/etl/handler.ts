/** Loads new records of the history into the marts of the warehouse. */
import { standaloneFunction } from '../../lib/app/scheduled-function.ts'
import { HISTORY, WAREHOUSE } from '../../lib/app/settings/index.ts'
import { runScheduledEtl } from '../../lib/operations/etl/scheduled.ts'

export const handler = standaloneFunction('etl', [HISTORY, WAREHOUSE], runScheduledEtl)
