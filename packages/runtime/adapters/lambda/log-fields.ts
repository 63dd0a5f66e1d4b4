/** Fields of a log line about a decision, a failure or an error: names and positions, never payload data. */
import { extractSpanContext } from '../../cloudevents/trace.ts'
import { escapeCharacter } from '../../consumer/attribute-text.ts'
import { RetryableError } from '../../consumer/author-errors.ts'
import { formatEntity } from '../../consumer/event.ts'
import { type Failure, type FailureCode, parseStackFrames } from '../../consumer/failure-codes.ts'
import type { Key } from '../../consumer/process.ts'
import { PartitionStopped, RecordRefused, Unavailable } from '../../pipeline/errors.ts'
import type { Decision } from '../../pipeline/model/decision.ts'

/** Maximum length of an external value in a log line, in characters. */
const LONGEST = 200
/** Maximum length of a message that an author declares as loggable, in characters. */
const LONGEST_MESSAGE = 500

/** Returns log fields that identify a decision by attributes of its event. They never contain event data. */
export function describeDecision({
  offset,
  outcome,
  reason,
  event,
  timer,
}: Decision): Record<string, unknown> {
  const trace = extractSpanContext(timer ? timer.trace : event?.extensions)
  const entity = timer?.entity ?? (event && formatEntity(event))
  return {
    offset,
    outcome,
    reason,
    ...(event ? { eventId: truncate(event.id), eventSource: truncate(event.source) } : {}),
    ...(timer ? { timer: truncate(timer.name) } : {}),
    ...(entity ? { entity: truncate(entity) } : {}),
    ...(trace ? { traceId: trace.traceId } : {}),
  }
}

/** Matches text that is safe to log: it has no control characters or other characters that terminals or log viewers interpret. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}\p{Cf}\uFFFD]+$/u

/** Returns a record key for display: as text or, if it is not printable, as base64. */
export function keyText(key: Key): string {
  if (key === null) return 'no key'
  const text = typeof key === 'string' ? key : Buffer.from(key.base64, 'base64').toString()
  if (PRINTABLE.test(text)) return truncate(text)
  return `base64 ${truncate(typeof key === 'string' ? Buffer.from(key).toString('base64') : key.base64)}`
}

/** Truncates an external text for a log line, and escapes characters that terminals or log viewers interpret. */
export function truncate(text: string, length = LONGEST): string {
  return text.slice(0, length).replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, escapeCharacter)
}

/** Matches the part of a Redis error message that quotes the rejected command. */
const QUOTED_COMMAND = /,? with args beginning with.*/s

/** Error classes whose messages contain only names and positions, never payload data. */
const OF_OURS = [RecordRefused, Unavailable, PartitionStopped]

/** Returns the parts of an error that cannot contain payload data. Messages and properties from other code are omitted. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return {}
  const causes = listCauses(error)
  const behind = causes.length > 0 ? { causes: causes.map(formatErrorName) } : {}
  if (OF_OURS.some(kind => error instanceof kind))
    return { error: error.message.replace(QUOTED_COMMAND, ''), ...behind }
  if (error instanceof RetryableError && error.safeMessage !== undefined)
    return { error: truncate(error.safeMessage, LONGEST_MESSAGE), ...behind }
  return {
    error: formatErrorName(error),
    place: parseStackFrames(causes.at(-1) ?? error).slice(0, 5),
    ...behind,
  }
}

const MAX_CAUSES = 5

/** Returns the chain of causes of an error. */
function listCauses({ cause }: Error, found: readonly Error[] = []): readonly Error[] {
  if (!(cause instanceof Error) || found.length === MAX_CAUSES) return found
  return listCauses(cause, [...found, cause])
}

/** Returns the name of an error, with its Kafka protocol code or operating system code. */
function formatErrorName(error: Error): string {
  const { name, type, code } = error as Error & { type?: unknown; code?: unknown }
  const errorCode = [type, code].find(word => typeof word === 'string' && WORD.test(word))
  return errorCode === undefined ? name : `${name} ${errorCode}`
}

const WORD = /^[A-Z][A-Z0-9_]{1,60}$/

/** Codes of failures whose messages come from a consumer or a receiver and may quote the event. */
const OTHERS_WORDS: readonly FailureCode[] = [
  'unexpected-error',
  'rejected',
  'not-accepted',
  'timer-failed',
  'timer-rejected',
]

/** Returns the fields that explain a failure. Messages of the runtime itself contain positions, never payload data. */
export function describeFailure({ code, message, place, safeMessage }: Failure): Record<string, string> {
  if (safeMessage !== undefined) return { failure: truncate(safeMessage) }
  if (!OTHERS_WORDS.includes(code)) return { failure: message }
  return place ? { place } : {}
}
