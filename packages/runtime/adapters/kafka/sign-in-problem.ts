/** Explains why a broker rejects a client's connection or authentication. */
import { connectionProblem } from '@sluice/kafka-records/connecting'
import { isInterruptedSignIn } from './availability.ts'
import { NO_IAM_TOKEN } from './iam-token.ts'

/** Explanations of error responses about authentication, by their names in the protocol. */
const ANSWERS: Readonly<Record<string, string>> = {
  UNSUPPORTED_SASL_MECHANISM:
    'its listener does not support this authentication method: set another one with KAFKA_AUTH (--auth)',
  ILLEGAL_SASL_STATE: 'its listener does not accept credentials: set KAFKA_AUTH (--auth) to tls or none',
}

/**
 * Returns a sentence about an error that occurred while connecting or authenticating; undefined for other errors. The error may be
 * wrapped. The sentence never contains credentials.
 */
export function signInProblem(error: unknown): string | undefined {
  return connectionProblem(error) ?? refusedSignIn(error)
}

function refusedSignIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, code, type, message, cause } = error as Error & { code?: string; type?: string }
  if (code === NO_IAM_TOKEN) return message
  if (type !== undefined && Object.hasOwn(ANSWERS, type)) return ANSWERS[type]
  if (isInterruptedSignIn(error)) return undefined
  if (type === 'SASL_AUTHENTICATION_FAILED' || name === 'KafkaJSSASLAuthenticationError')
    return `it does not accept the credentials: ${removePrefix(message)}`
  if (name === 'KafkaJSConnectionClosedError')
    return 'it closed the connection: its listener may require authentication, see KAFKA_AUTH (--auth)'
  return refusedSignIn(cause)
}

/**
 * Removes the prefix "SASL PLAIN authentication failed: ", which the library adds although the broker's message already contains
 * it.
 */
function removePrefix(message: string): string {
  return message.replace(/^SASL .*? authentication failed: /, '').replace(/^Authentication failed: /, '')
}
