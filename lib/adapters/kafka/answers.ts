/** What the broker answered, by its name in the protocol; the library wraps it once or twice. */
export function brokersAnswer(error: unknown): string | undefined {
  const { type, cause } = error as { type?: string; cause?: unknown }
  return type ?? (cause instanceof Error ? brokersAnswer(cause) : undefined)
}
