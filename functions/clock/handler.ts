/**
 * Appends alert rules, the plan of the tables and silences to each partition of their topics, and then a tick to each partition of
 * the topics whose consumers have timers. Log time then advances even if no readings arrive.
 * Archived topics without ticks get one where the archiver waits for a further record.
 */
import { CLOCK_SETTINGS, runClock } from '../../lib/clock/clock.ts'
import { NAME } from '../../lib/app/name.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { createScheduledHandler } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = createScheduledHandler('clock', Connections, CLOCK_SETTINGS, runClock, NAME)
