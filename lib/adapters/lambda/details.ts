/** What a line of the log may tell of a decision, a fault or an error: names and places, never contents. */
import { spanContextOf } from '../../cloudevents/trace.ts'
import { entityOf } from '../../domain/event.ts'
import type { FailureCode, Fault } from '../../domain/failure/codes.ts'
import { framesOf } from '../../domain/failure/frames.ts'
import { type Decision, RecordRefused, Unavailable, UnreadableLog } from '../../pipeline/ports.ts'

/** How long what somebody else chose may be in a line. */
const LONGEST = 200

/** What names a decision: attributes of the event, never its data. */
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

function shortened(text: string): string {
  return text.slice(0, LONGEST)
}

/** Redis repeats the beginning of a command that it does not take. */
const QUOTED_COMMAND = /,? with args beginning with.*/s

/** Errors whose messages hold names and places, and never contents. */
const OF_OURS = [RecordRefused, Unavailable, UnreadableLog]

/** Of an error, what cannot hold data: what others wrote into its message, or hung onto it, stays here. */
export function failureOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return {}
  const causes = causesOf(error)
  const behind = causes.length > 0 ? { causes: causes.map(named) } : {}
  if (OF_OURS.some(kind => error instanceof kind))
    return { error: error.message.replace(QUOTED_COMMAND, ''), ...behind }
  return { error: named(error), place: framesOf(causes.at(-1) ?? error).slice(0, 5), ...behind }
}

const MOST_CAUSES = 5

/** What an error was made from, and that one in turn. */
function causesOf({ cause }: Error, found: readonly Error[] = []): readonly Error[] {
  if (!(cause instanceof Error) || found.length === MOST_CAUSES) return found
  return causesOf(cause, [...found, cause])
}

/** An error's name, and that by which Kafka's protocol or the operating system knows it. */
function named(error: Error): string {
  const { name, type, code } = error as Error & { type?: unknown; code?: unknown }
  const known = [type, code].find(word => typeof word === 'string' && WORD.test(word))
  return known === undefined ? name : `${name} ${known}`
}

const WORD = /^[A-Z][A-Z0-9_]{1,60}$/

/** Whose messages others write: what a consumer, or the outside, says or throws may quote the event. */
const OTHERS_WORDS: readonly FailureCode[] = [
  'unexpected-error',
  'rejected',
  'not-accepted',
  'timer-failed',
  'timer-rejected',
]

/** Our own messages name places, never contents. */
export function explanation({ code, message, place, mistake }: Fault): Record<string, string> {
  if (mistake !== undefined) return { fault: shortened(mistake) }
  if (!OTHERS_WORDS.includes(code)) return { fault: message }
  return place ? { place } : {}
}
