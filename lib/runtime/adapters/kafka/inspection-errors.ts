/** Error codes of the protocol in answers about a cluster (https://kafka.apache.org/protocol#protocol_error_codes). */

const ANSWERS: Readonly<Record<number, string>> = {
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  8: 'BROKER_NOT_AVAILABLE',
  17: 'INVALID_TOPIC_EXCEPTION',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  31: 'CLUSTER_AUTHORIZATION_FAILED',
  35: 'UNSUPPORTED_VERSION',
  40: 'INVALID_CONFIG',
  41: 'NOT_CONTROLLER',
  44: 'POLICY_VIOLATION',
  56: 'KAFKA_STORAGE_ERROR',
}

/** A new topic is known everywhere within a second. */
const PASSING: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'BROKER_NOT_AVAILABLE'])

/**
 * The code as an error of the client library has it, so that `brokersAnswer` and `isRefusal` understand it.
 *
 * @param why what the broker says about it, if it says anything
 */
export function answerError(code: number, why?: string | null): Error {
  const type = answerName(code)
  const message = `the broker answers ${type}${why ? `: ${why}` : ''}`
  return Object.assign(new Error(message), { type, retriable: PASSING.has(type) })
}

/** As the protocol names it. */
function answerName(code: number): string {
  return ANSWERS[code] ?? `error ${code}`
}
