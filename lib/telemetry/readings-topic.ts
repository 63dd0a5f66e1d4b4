/** Properties of the readings topic on which features depend. The table of topics uses the same values. */
export const READINGS_TOPIC = {
  keptDays: 7,
  maxMessageBytes: 1024 * 1024,
} as const
