/** Loads new records of the history into the marts of the warehouse. */

import { HISTORY, WAREHOUSE } from '../../lib/app/settings/index.ts'
import { standaloneFunction } from '../../lib/app/standalone-function.ts'
import { runScheduledEtl } from '../../lib/operations/etl/scheduled-etl.ts'

export const handler = standaloneFunction('etl', [HISTORY, WAREHOUSE], runScheduledEtl)
