/** Properties of the topic of readings that features use. The table of topics takes them from here. */
export const READINGS_TOPIC = {
  keptDays: 7,
  maxMessageBytes: 1024 * 1024,
} as const
