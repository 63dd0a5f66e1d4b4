/** The meaning of an error of the client library: Kafka is away, it refuses, or there is a bug. Pure. */

/** Known members of an error. The library's classes cannot be imported from an ES module, so they are known by name. */
interface ErrorMembers {
  readonly name: string
  /** Name of an error response in Kafka's protocol. */
  readonly type?: string | undefined
  readonly code?: string | undefined
  /** Whether the library would try again; in answers, the word of Kafka's documentation. */
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

/** The library does not retry these errors, but a later call may succeed. */
const PASSING_NAMES = new Set([
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNumberOfRetriesExceeded',
])

/** Temporary, although the library does not call it retriable. */
const PASSING_ANSWER = 'BROKER_NOT_AVAILABLE'
/** Permanent, although the library calls it retriable: a corrupt message stays corrupt. */
const LASTING_ANSWER = 'CORRUPT_MESSAGE'

/** Whether Kafka or the network is unavailable or not ready, so that the same call may succeed later. */
export function isAway(error: unknown): boolean {
  const { name, type, code, retriable } = rootOf(error)
  if (type !== undefined) return type !== LASTING_ANSWER && (retriable === true || type === PASSING_ANSWER)
  if (isInterruptedSignIn(rootError(error) ?? {})) return true
  if (isLibrarys(name)) return retriable === true || PASSING_NAMES.has(name)
  return code !== undefined && NETWORK_CODES.has(code)
}

/** Whether the connection was lost during sign-in. The library reports that like a refusal, with another message. */
export function isInterruptedSignIn(error: unknown): boolean {
  const { name, message } = error as Error
  return name === 'KafkaJSSASLAuthenticationError' && LOST_CONNECTION.test(message)
}

const LOST_CONNECTION =
  /failed: (Closed connection|Connection (error: |timeout|closed by the server)|Not connected|Request .* timed out)/

/** Whether Kafka or its client library refused the call. Their messages hold names and places, never payload data. */
export function isRefusal(error: unknown): boolean {
  const { name, type } = rootOf(error)
  return !isAway(error) && (type !== undefined || isLibrarys(name))
}

function isLibrarys(name: string): boolean {
  return name.startsWith('KafkaJS')
}

/** The library wraps the original error, in some cases twice. */
function rootError(error: unknown): unknown {
  const cause = typeof error === 'object' && error !== null && (error as ErrorMembers).cause
  return cause instanceof Error ? rootError(cause) : error
}

function rootOf(error: unknown): ErrorMembers {
  const root = rootError(error)
  if (typeof root !== 'object' || root === null) return { name: '' }
  const { name, type, code, retriable } = root as ErrorMembers
  return { name: String(name), type, code, retriable }
}

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
  // The leader is missing, or the client does not know that broker yet.
  return name === 'KafkaJSBrokerNotFound' || (cause instanceof Error && isRetriableAnswer(cause))
}
