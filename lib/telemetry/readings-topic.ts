/** What features go by in the topic that readings come through. The table of topics takes it from here. */
export const READINGS_TOPIC = {
  keptDays: 7,
  maxMessageBytes: 1024 * 1024,
} as const
