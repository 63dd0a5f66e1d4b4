/** Every way in which a record can fail, once: its code, what it means, and what may be done about it. */

import { framesOf } from './frames.ts'

/**
 * - `permanent`: will never succeed as it is;
 * - `retryable`: the outside said not now;
 * - `unavailable`: Redis or Kafka is out of reach, the record stays in Kafka and nothing is decided;
 * - `unexpected`: a bug of ours.
 */
export type FailureClass = 'permanent' | 'retryable' | 'unavailable' | 'unexpected'

interface FailureKind {
  readonly class: FailureClass
  readonly description: string
}

const permanent = (description: string) => ({ class: 'permanent', description }) as const

export const FAILURES = {
  'not-a-cloudevent': permanent('the record carries no CloudEvent'),
  'malformed-event': permanent('the record breaks a rule of CloudEvents 1.0 or of its Kafka binding'),
  'attributes-too-large': permanent(
    'an attribute is longer than what is kept of an event, or all of them together are',
  ),
  'schema-violated': permanent('the data does not fit the schema of its event type'),
  'unit-mismatch': permanent('the unit of the reading is unknown, or fits none of its metrics'),
  'id-conflict': permanent('the same source and id came before with other content'),
  'time-in-future': permanent('the event claims a time too far after its own record was written'),
  'time-too-early': permanent('the event claims a time before the earliest that is taken'),
  'emission-too-large': permanent('what the event caused does not fit into a message of its topic'),
  'emission-refused': permanent('Kafka will never take what the event caused: this stands in its place'),
  rejected: permanent('the consumer refused the event'),
  'timer-rejected': permanent(
    'the consumer refused a timer, what the timer caused is too large, or too many of its entity fired before one event: ' +
      'the timer is gone, the state as it was, ' +
      'unless the timer was to end it',
  ),
  'unknown-failure': permanent('redriven as an attempt at a failure that the consumer does not remember'),
  'not-accepted': { class: 'retryable', description: 'the outside did not take it this time' },
  'unexpected-error': { class: 'unexpected', description: 'the consumer threw: a bug' },
  'timer-failed': {
    class: 'unexpected',
    description: 'the consumer threw at a timer: a bug; the timer is gone, the state as it was',
  },
  'store-unavailable': { class: 'unavailable', description: 'Redis cannot be reached' },
  'broker-unavailable': { class: 'unavailable', description: 'Kafka cannot be reached' },
} as const satisfies Readonly<Record<string, FailureKind>>

export type FailureCode = keyof typeof FAILURES

/** Whether a failure of this code is a bug of the consumer, not the fault of what it was given. */
export function isUnexpected(code: FailureCode): boolean {
  return FAILURES[code].class === 'unexpected'
}

/** Why one record failed. `message` is for people and never holds the payload. */
export interface Fault {
  readonly code: FailureCode
  readonly message: string
  /** Where in the code it happened, for bugs: safe to log where the message, made by others, may quote data. */
  readonly place?: string
  /** What the consumer did wrong, where that is known, in words of ours: safe to log, as names and times are. */
  readonly mistake?: string
}

/** What a consumer says or throws may be of any length, but its letter must fit into a topic. */
const LONGEST_MESSAGE = 1_000

export function fault(code: FailureCode, message: string): Fault {
  return { code, message: message.slice(0, LONGEST_MESSAGE).toWellFormed() }
}

/** The failure of a record whose processing threw. */
export function bug(error: unknown): Fault {
  if (!(error instanceof Error)) return fault('unexpected-error', 'threw something that is no Error')
  const [place] = framesOf(error)
  return { ...fault('unexpected-error', `${error.name}: ${error.message}`), ...(place ? { place } : {}) }
}
