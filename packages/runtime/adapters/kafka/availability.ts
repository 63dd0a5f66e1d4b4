/** Classifies errors of the client library: Kafka is unavailable, Kafka refuses the request, or there is a bug. Pure. */

/**
 * Properties of an error of the client library. The library's classes cannot be imported from an ES module, so errors are
 * recognised by their names.
 */
interface ErrorMembers {
  readonly name: string
  /** Name of an error response in Kafka's protocol. */
  readonly type?: string | undefined
  readonly code?: string | undefined
  /** True if the library retries after this error. For error responses, the value is the same as in Kafka's documentation. */
  readonly retriable?: boolean | undefined
  readonly cause?: unknown
}

const NETWORK_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** Names of errors that the library does not retry although a later call may succeed. */
const PASSING_NAMES = new Set([
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNumberOfRetriesExceeded',
])

/** Error response that is temporary, although the library does not treat it as retriable. */
const PASSING_ANSWER = 'BROKER_NOT_AVAILABLE'
/** Error response that is permanent, although the library treats it as retriable: a corrupt message stays corrupt. */
const LASTING_ANSWER = 'CORRUPT_MESSAGE'

/** Message of a plain error of the library about a connection that broke while it was opened. */
const NOT_CONNECTED = 'Broker not connected'

/** Returns true if Kafka or the network is temporarily unavailable, so that the same call may succeed later. */
export function isAway(error: unknown): boolean {
  const { name, type, code, retriable } = getRootMembers(error)
  if ((error as Error | null)?.message === NOT_CONNECTED) return true
  if (type !== undefined) return type !== LASTING_ANSWER && (retriable === true || type === PASSING_ANSWER)
  if (isInterruptedSignIn(rootError(error) ?? {})) return true
  if (isLibraryName(name)) return retriable === true || PASSING_NAMES.has(name)
  return code !== undefined && NETWORK_CODES.has(code)
}

/**
 * Returns true if the connection was lost during authentication. The library reports this with the same error name as rejected
 * credentials, but with a different message.
 */
export function isInterruptedSignIn(error: unknown): boolean {
  const { name, message } = error as Error
  return name === 'KafkaJSSASLAuthenticationError' && LOST_CONNECTION.test(message)
}

const LOST_CONNECTION =
  /failed: (Closed connection|Connection (error: |timeout|closed by the server)|Not connected|Request .* timed out)/

/**
 * Returns true if Kafka or its client library refused the call. The messages of such errors contain names and
 * positions, never payload data.
 */
export function isRefusal(error: unknown): boolean {
  const { name, type } = getRootMembers(error)
  return !isAway(error) && (type !== undefined || isLibraryName(name))
}

function isLibraryName(name: string): boolean {
  return name.startsWith('KafkaJS')
}

/** Returns the original error, which the library wraps once or twice. */
function rootError(error: unknown): unknown {
  const cause = typeof error === 'object' && error !== null && (error as ErrorMembers).cause
  return cause instanceof Error ? rootError(cause) : error
}

function getRootMembers(error: unknown): ErrorMembers {
  const root = rootError(error)
  if (typeof root !== 'object' || root === null) return { name: '' }
  const { name, type, code, retriable } = root as ErrorMembers
  return { name: String(name), type, code, retriable }
}

/** Returns the protocol name of the broker's error response, which the library wraps once or twice. */
export function brokersAnswer(error: unknown): string | undefined {
  const { type, cause } = error as { type?: string; cause?: unknown }
  return type ?? (cause instanceof Error ? brokersAnswer(cause) : undefined)
}

/** Returns an error with the properties of a retriable error of the library, so that the request is repeated. */
export function leaderMissing(message: string): Error {
  return Object.assign(new Error(message), { type: 'LEADER_NOT_AVAILABLE', retriable: true })
}

/**
 * Returns true if the protocol defines this error response as retriable, because the metadata of the client or of the broker is
 * outdated.
 */
export function isRetriableAnswer(error: unknown): boolean {
  const { name, type, retriable, cause } = error as Error & { type?: string; retriable?: boolean }
  if (type !== undefined) return retriable === true
  // The leader is missing, or the client does not know the broker yet.
  return name === 'KafkaJSBrokerNotFound' || (cause instanceof Error && isRetriableAnswer(cause))
}
