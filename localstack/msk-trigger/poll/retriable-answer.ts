/** By name, because kafkajs exports its errors in a form that an ES module cannot import. */
const NO_BROKER_FOUND = ['KafkaJSBrokerNotFound', 'KafkaJSGroupCoordinatorNotFound']

/** Returns whether new metadata will name the right broker: Kafka's protocol calls such an error retriable. kafkajs wraps it. */
export function isRetriableAnswer(error: unknown): boolean {
  const { name, type, retriable, cause } = error as Error & { type?: string; retriable?: boolean }
  if (type !== undefined) return retriable === true
  return NO_BROKER_FOUND.includes(name) || (cause instanceof Error && isRetriableAnswer(cause))
}
