/** Lists the marts of the warehouse: the stored tables, and the views that follow from them. */
import { ALERT_LOG, ALERTS } from './alerts.ts'
import type { Mart, MartTable } from './mart.ts'
import { READINGS_DAILY, READINGS_HOURLY } from './readings.ts'

/** Stored tables. */
export const MARTS: readonly Mart[] = [READINGS_HOURLY, READINGS_DAILY, ALERTS]

/** Tables and views for people. */
export const SHOWN: readonly MartTable[] = [READINGS_HOURLY, READINGS_DAILY, ALERT_LOG]
