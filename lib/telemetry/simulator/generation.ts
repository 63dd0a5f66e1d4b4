/** The generation of readings, for commands that publish them and for drafts of families. Pure. */

export { createGenerator, readGenerator } from './parse-settings.ts'
export { type KeyedEvent, simulate, simulateReading } from './simulate.ts'
