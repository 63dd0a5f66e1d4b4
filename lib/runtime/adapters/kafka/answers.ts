/** Returns the name of the broker's error response in the protocol. The library wraps them once or twice. */
export function brokersAnswer(error: unknown): string | undefined {
  const { type, cause } = error as { type?: string; cause?: unknown }
  return type ?? (cause instanceof Error ? brokersAnswer(cause) : undefined)
}

/** Returns an error like one of the library, so that the question is asked again. */
export function leaderMissing(message: string): Error {
  return Object.assign(new Error(message), { type: 'LEADER_NOT_AVAILABLE', retriable: true })
}

/** Whether the protocol calls this answer retriable: the metadata that led to this broker are not, or not yet, true. */
export function isRetriableAnswer(error: unknown): boolean {
  const { name, type, retriable, cause } = error as Error & { type?: string; retriable?: boolean }
  if (type !== undefined) return retriable === true
  // There is no leader, or the client does not know that broker yet.
  return name === 'KafkaJSBrokerNotFound' || (cause instanceof Error && isRetriableAnswer(cause))
}
