/** What an error of the client library means: is Kafka away, does it refuse, or is it a bug? Pure. */

/** What is known of an error; the library's cannot be imported from an ES module, so they are known by name. */
interface Known {
  readonly name: string
  /** Of an answer in Kafka's protocol: its name there. */
  readonly type?: string
  /** Of an error of the operating system. */
  readonly code?: string
  /** Whether the library would try again; of the protocol's answers, what Kafka's documentation says. */
  readonly retriable?: boolean
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

/** The library does not try again after these, yet later it may go better. The last one has no cause only in its own words. */
const PASSING_NAMES = new Set([
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNumberOfRetriesExceeded',
])

/** Not retriable for the library, though it passes. */
const PASSING_ANSWER = 'BROKER_NOT_AVAILABLE'
/** Retriable for the library. But what is corrupt in the log stays so. */
const LASTING_ANSWER = 'CORRUPT_MESSAGE'

/** Whether Kafka or the network is away, or not ready, so that the same call may succeed later. */
export function isAway(error: unknown): boolean {
  const { name, type, code, retriable } = rootOf(error)
  if (type !== undefined) return type !== LASTING_ANSWER && (retriable === true || type === PASSING_ANSWER)
  if (isLibrarys(name)) return retriable === true || PASSING_NAMES.has(name)
  return code !== undefined && NETWORK_CODES.has(code)
}

/** Whether Kafka or its client library said no in its own words, which hold names and places, never contents. */
export function isRefusal(error: unknown): boolean {
  const { name, type } = rootOf(error)
  return !isAway(error) && (type !== undefined || isLibrarys(name))
}

function isLibrarys(name: string): boolean {
  return name.startsWith('KafkaJS')
}

/** The library wraps what it has met, in some cases twice. */
function rootOf(error: unknown): Known {
  if (typeof error !== 'object' || error === null) return { name: '' }
  const { name, type, code, retriable, cause } = error as Known
  if (cause instanceof Error) return rootOf(cause)
  return {
    name: String(name),
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(retriable === undefined ? {} : { retriable }),
  }
}
