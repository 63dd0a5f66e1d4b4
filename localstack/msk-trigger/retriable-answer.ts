/** By name: kafkajs exports its errors in a way that an ES module cannot import. */
const NOBODY_RESPONSIBLE = ['KafkaJSBrokerNotFound', 'KafkaJSGroupCoordinatorNotFound']

/**
 * Whether a broker answered what Kafka's protocol calls retriable: it does not lead the partition or coordinate the group
 * (yet, or any more), and new metadata will tell who does. kafkajs wraps the answer once or twice.
 */
export function isRetriableAnswer(error: unknown): boolean {
  const { name, type, retriable, cause } = error as Error & { type?: string; retriable?: boolean }
  if (type !== undefined) return retriable === true
  return NOBODY_RESPONSIBLE.includes(name) || (cause instanceof Error && isRetriableAnswer(cause))
}
