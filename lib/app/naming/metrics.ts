/** Metrics that scheduled functions write for alarms, by name, with the function that writes the current value at each run. */
export const SCHEDULED_METRICS = { deadLettersOpen: 'redriver' } as const
