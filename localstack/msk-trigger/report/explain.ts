/** The message, with the stack of an exception that serverless-offline does not print itself. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `\n${error.cause.stack}` : ''
  return `${error.message || error.name}${cause}`
}

const UNREACHABLE = [
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSNumberOfRetriesExceeded',
]

/**
 * Whether kafkajs reports that no broker answers. By name, because kafkajs exports its errors in a form that an ES
 * module cannot import.
 */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Error && UNREACHABLE.includes(error.name)
}

/** The message of the cause, which kafkajs hides behind the number of its retries. */
export function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, name } = error.cause instanceof Error ? error.cause : error
  return message || name
}
