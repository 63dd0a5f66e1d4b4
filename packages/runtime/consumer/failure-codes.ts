/** All failure codes, each with its description and its class. The class determines whether a retry can help. */
import { PermanentError, RetryableError } from './author-errors.ts'
import { type Rejected, reject } from './process.ts'

/**
 * Class of a failure code, which determines whether a retry can help.
 *
 * - `permanent`: the record can never be processed unless something is changed;
 * - `retryable`: the receiver has not accepted the record this time;
 * - `unavailable`: Redis, Kafka or the schema registry cannot be reached; the record stays in Kafka and is not decided;
 * - `unexpected`: an error in the consumer's code.
 */
export type FailureClass = 'permanent' | 'retryable' | 'unavailable' | 'unexpected'

interface FailureKind {
  readonly class: FailureClass
  readonly description: string
}

const permanent = (description: string) => ({ class: 'permanent', description }) as const

/** All failure codes. */
export const FAILURES = {
  'not-a-cloudevent': permanent('the record does not contain a CloudEvent'),
  'malformed-event': permanent('the record violates a rule of CloudEvents 1.0 or of its Kafka binding'),
  'record-too-large': permanent(
    'the record is larger than Lambda can deliver: its value was not read and exists only at its offset in the log',
  ),
  'attributes-too-large': permanent(
    'an attribute of the event is too long to keep, or all attributes together are',
  ),
  'schema-violated': permanent('the data does not match the schema of its event type'),
  'number-not-exact': permanent(
    'the data contains an integer that a double cannot represent exactly: the consumer would see another value',
  ),
  'data-not-decodable': permanent(
    'the data cannot be decoded with its schema, its lengths are inconsistent, or it is not JSON although the application expects JSON',
  ),
  'unit-mismatch': permanent('the unit of the reading is unknown, or does not match any of its metrics'),
  'mapping-failed': permanent(
    'a mapping applies to the record, but a field that it needs is missing or has an invalid value',
  ),
  'id-conflict': permanent('the same source and id were used before with other content'),
  'time-in-future': permanent('the time of the event is too far after its record was written'),
  'time-too-early': permanent('the time of the event is before the earliest accepted time'),
  'emission-too-large': permanent(
    'an emission does not fit into a message of its topic, or all emissions together into one commit',
  ),
  'state-too-large': permanent(
    'after the event, the state and timers of its entity would be too large to keep',
  ),
  'too-many-new-entities': permanent(
    'the entity is new or its state grows, but its producers have reached the limit for a day of log time: redrive the record later',
  ),
  'emission-refused': permanent('Kafka rejects an emission permanently: this record replaces it'),
  rejected: permanent('the consumer refused the event'),
  skipped: permanent('an operator has set the record aside, because it hangs or ends its function'),
  'timer-rejected': permanent(
    'the consumer rejected a timer, its emissions or state are too large, or the timers of one entity fired too often or ' +
      'emitted too much before one event: the timer is removed, and the state is unchanged unless the timer was to end it',
  ),
  'unknown-failure': permanent('redriven, but the consumer does not remember this failure and attempt'),
  // Not written any more. Dead letters of earlier versions have it.
  'lambda-discarded': permanent(
    'Lambda has discarded the record: the consumer reads it from the log with the next batch of its partition',
  ),
  'schema-unknown': {
    class: 'retryable',
    description:
      'no schema for the data is known: neither in the schema registry nor among the packaged ones',
  },
  'not-accepted': {
    class: 'retryable',
    description: 'the receiver did not accept the event this time, or the process requests a later retry',
  },
  'unexpected-error': { class: 'unexpected', description: 'the consumer threw an unexpected error' },
  'timer-failed': {
    class: 'unexpected',
    description:
      'the consumer threw an unexpected error at a timer: the timer is removed, and the state is unchanged',
  },
  'store-unavailable': { class: 'unavailable', description: 'Redis cannot be reached' },
  'registry-unavailable': { class: 'unavailable', description: 'the schema registry cannot be reached' },
  'broker-unavailable': { class: 'unavailable', description: 'Kafka cannot be reached' },
} as const satisfies Readonly<Record<string, FailureKind>>

/** Code of a failure: a key of `FAILURES`. */
export type FailureCode = keyof typeof FAILURES

/** Returns true if the code indicates a bug in the consumer rather than an error in the record. */
export function isUnexpected(code: FailureCode): boolean {
  return FAILURES[code].class === 'unexpected'
}

/** Returns true if records that fail with this code are retried by default. */
export function isRetried(code: FailureCode): boolean {
  const { class: kind } = FAILURES[code]
  return kind === 'unexpected' || kind === 'retryable'
}

/** Reason why a record failed. `message` is for operators, and never contains the payload. */
export interface Failure {
  readonly kind: 'failure'
  readonly code: FailureCode
  readonly message: string
  /** Time by which an event is ahead of the clock, in milliseconds, for an event in the future. */
  readonly aheadMs?: number
  /** Location in the code, for unexpected errors. It can be logged, unlike the error's message, which may contain payload data. */
  readonly place?: string
  /**
   * Description of an error in the consumer's code, if the runtime can provide one. It can be logged, because it contains no
   * payload data.
   */
  readonly safeMessage?: string
  /** Receivers of a sink that have not accepted the event. Its retries are for them alone; absent if they are for all. */
  readonly receivers?: readonly string[]
}

/** Maximum length of a message, in characters. It limits the size of a failure record, whose topic has a size limit. */
const MAX_MESSAGE_LENGTH = 1_000

/** Creates a failure. Its message is truncated to 1,000 characters. */
export function failure(code: FailureCode, message: string): Failure {
  return { kind: 'failure', code, message: message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed() }
}

/** Creates the failure of a record that its consumer has rejected. */
export function rejection({ why, safeMessage }: Omit<Rejected, 'kind'>): Failure {
  return { ...failure('rejected', why), ...(safeMessage === undefined ? {} : { safeMessage }) }
}

/**
 * Creates the failure for a record whose processing has thrown an error. The error can be a `PermanentError`, a `RetryableError`,
 * or any unexpected error.
 */
export function unexpectedFailure(error: unknown): Failure {
  if (error instanceof PermanentError) return rejection(reject(error.message, error.safeMessage))
  if (error instanceof RetryableError) return failure('not-accepted', error.message)
  if (!(error instanceof Error)) return failure('unexpected-error', 'threw something that is not an Error')
  const [place] = parseStackFrames(error)
  return { ...failure('unexpected-error', `${error.name}: ${error.message}`), ...(place ? { place } : {}) }
}

/** Matches a line with a location in a stack trace of Node.js, by the start and the end of the line. */
const FRAME = /^\s+at .+(:\d+:\d+\)?|\((native|<anonymous>)\))$/

/**
 * Returns the locations in the code at which an error was created, innermost first. These are the lines of its stack trace without
 * the message. The message is removed because it may contain payload data, or lines that look like locations.
 */
export function parseStackFrames({ stack = '', message }: Error): string[] {
  const quoted = message === '' ? -1 : stack.indexOf(message)
  const places = quoted < 0 ? stack : stack.slice(quoted + message.length)
  return places
    .split('\n')
    .filter(line => FRAME.test(line))
    .map(line => line.trim())
}
