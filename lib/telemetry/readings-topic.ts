/** Properties of the readings topic that features use. The topic table uses these values. */
export const READINGS_TOPIC = {
  keptDays: 7,
  maxMessageBytes: 1024 * 1024,
} as const
