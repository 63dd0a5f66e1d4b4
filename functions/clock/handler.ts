/**
 * Appends alert rules, the plan of the tables and silences to each partition of their topics, and then a tick to each partition of
 * the topics whose consumers have timers. Log time then advances even if no readings arrive.
 * Archived topics without ticks get one where the archiver waits for a further record.
 */
import { scheduledFunction } from '../../lib/app/handlers/scheduled-function.ts'
import { CLOCK_SETTINGS, runClock } from '../../lib/clock/clock.ts'

export const handler = scheduledFunction('clock', CLOCK_SETTINGS, runClock)
