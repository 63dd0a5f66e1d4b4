/** Fields of a log line about a decision, a failure or an error: names and positions, never payload data. */
import { spanContextOf } from '../../cloudevents/trace.ts'
import { entityOf } from '../../consumer/event.ts'
import type { Failure, FailureCode } from '../../consumer/failure-codes.ts'
import { framesOf } from '../../consumer/failure-codes.ts'
import type { Key } from '../../consumer/process.ts'
import { PartitionStopped, RecordRefused, Unavailable } from '../../pipeline/errors.ts'
import type { Decision } from '../../pipeline/model.ts'

/** Maximum length of an external value in a log line, in characters. */
const LONGEST = 200

/** Returns log fields that identify a decision by attributes of its event. They never contain event data. */
export function detailsOf({ offset, outcome, reason, event, timer }: Decision): Record<string, unknown> {
  const trace = spanContextOf(timer ? timer.trace : event?.extensions)
  const entity = timer?.entity ?? (event && entityOf(event))
  return {
    offset,
    outcome,
    reason,
    ...(event ? { eventId: shortened(event.id), eventSource: shortened(event.source) } : {}),
    ...(timer ? { timer: shortened(timer.name) } : {}),
    ...(entity ? { entity: shortened(entity) } : {}),
    ...(trace ? { traceId: trace.traceId } : {}),
  }
}

/** Matches text that is safe to log: it has no control characters or other characters that terminals or log viewers interpret. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}\p{Cf}\uFFFD]+$/u

/** Returns a record key for display: as text or, if it is not printable, as base64. */
export function keyText(key: Key): string {
  if (key === null) return 'no key'
  const text = typeof key === 'string' ? key : Buffer.from(key.base64, 'base64').toString()
  if (PRINTABLE.test(text)) return shortened(text)
  return `base64 ${shortened(typeof key === 'string' ? Buffer.from(key).toString('base64') : key.base64)}`
}

/** Truncates an external text for a log line. */
export function shortened(text: string): string {
  return text.slice(0, LONGEST)
}

/** Matches the part of a Redis error message that quotes the rejected command. */
const QUOTED_COMMAND = /,? with args beginning with.*/s

/** Error classes whose messages contain only names and positions, never payload data. */
const OF_OURS = [RecordRefused, Unavailable, PartitionStopped]

/** Returns the parts of an error that cannot contain payload data. Messages and properties from other code are omitted. */
export function failureOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return {}
  const causes = causesOf(error)
  const behind = causes.length > 0 ? { causes: causes.map(named) } : {}
  if (OF_OURS.some(kind => error instanceof kind))
    return { error: error.message.replace(QUOTED_COMMAND, ''), ...behind }
  return { error: named(error), place: framesOf(causes.at(-1) ?? error).slice(0, 5), ...behind }
}

const MAX_CAUSES = 5

/** Returns the chain of causes of an error. */
function causesOf({ cause }: Error, found: readonly Error[] = []): readonly Error[] {
  if (!(cause instanceof Error) || found.length === MAX_CAUSES) return found
  return causesOf(cause, [...found, cause])
}

/** Returns the name of an error, with its Kafka protocol code or operating system code. */
function named(error: Error): string {
  const { name, type, code } = error as Error & { type?: unknown; code?: unknown }
  const known = [type, code].find(word => typeof word === 'string' && WORD.test(word))
  return known === undefined ? name : `${name} ${known}`
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
export function explanation({ code, message, place, safeMessage }: Failure): Record<string, string> {
  if (safeMessage !== undefined) return { failure: shortened(safeMessage) }
  if (!OTHERS_WORDS.includes(code)) return { failure: message }
  return place ? { place } : {}
}
