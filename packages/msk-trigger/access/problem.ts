import { tlsProblem } from '@sluice/kafka-records/connecting'
import { AccessError } from './secrets.ts'

/** Explanations of the errors with which a broker rejects a SASL request that its listener does not support. */
const ANSWERS: Readonly<Record<string, string>> = {
  UNSUPPORTED_SASL_MECHANISM:
    'the listener does not support this mechanism: set another custom.mskTrigger.sasl.mechanism',
  ILLEGAL_SASL_STATE: 'the listener does not accept credentials: remove custom.mskTrigger.sasl',
}

/**
 * Matches errors about a connection that was lost during authentication. kafkajs reports these errors like rejected credentials.
 */
const LOST_CONNECTION =
  /failed: (Closed connection|Connection (error: |timeout|closed by the server)|Not connected|Request .* timed out)/

/** Describes a problem with TLS or authentication, without secrets. Returns undefined for any other error. */
export function accessProblem(error: unknown): string | undefined {
  return tlsProblem(error) ?? refusal(error)
}

function refusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, type, message, cause } = error as Error & { type?: string }
  if (error instanceof AccessError) return message
  if (type !== undefined && Object.hasOwn(ANSWERS, type)) return ANSWERS[type]
  const isRefused = type === 'SASL_AUTHENTICATION_FAILED' || name === 'KafkaJSSASLAuthenticationError'
  if (isRefused && !LOST_CONNECTION.test(message))
    return `the broker does not accept the credentials of custom.mskTrigger.sasl: ${shortened(message)}`
  return refusal(cause)
}

/** Removes the prefix "SASL PLAIN authentication failed: ", which kafkajs adds although the broker's message already has one. */
function shortened(message: string): string {
  return message.replace(/^SASL .*? authentication failed: /, '').replace(/^Authentication failed: /, '')
}
