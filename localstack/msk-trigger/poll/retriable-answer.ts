/** By name, because kafkajs exports its errors in a form that an ES module cannot import. */
const NO_BROKER_FOUND = ['KafkaJSBrokerNotFound', 'KafkaJSGroupCoordinatorNotFound']

/**
 * Returns whether a broker answered with an error that Kafka's protocol calls retriable: it is not, or no longer, the
 * leader of the partition or the coordinator of the group, and new metadata will name the right one. kafkajs wraps the
 * answer once or twice.
 */
export function isRetriableAnswer(error: unknown): boolean {
  const { name, type, retriable, cause } = error as Error & { type?: string; retriable?: boolean }
  if (type !== undefined) return retriable === true
  return NO_BROKER_FOUND.includes(name) || (cause instanceof Error && isRetriableAnswer(cause))
}
