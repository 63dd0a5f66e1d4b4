/** For scheduled functions: the handler, ticks, and events for every partition. */
export { createScheduledHandler, type Scheduled } from '../../lambda/scheduled-handler.ts'
export { appendTicks, type Ticking } from '../../lambda/ticks.ts'
export { broadcast } from '../../producer/broadcast.ts'
