/** What a line of the log may tell of a decision, a fault or an error: names and places, never contents. */
import { spanContextOf } from '../../cloudevents/trace.ts'
import { entityOf } from '../../domain/event.ts'
import type { FailureCode, Fault } from '../../domain/failure/codes.ts'
import { framesOf } from '../../domain/failure/frames.ts'
import { type Decision, Unavailable } from '../../pipeline/ports.ts'

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

/** Of an error, what cannot hold data: what others wrote into its message, or hung onto it, stays here. */
export function failureOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return {}
  if (error instanceof Unavailable) return { error: error.message.replace(QUOTED_COMMAND, '') }
  return { error: error.name, place: framesOf(error).slice(0, 5) }
}

/** Whose messages others write: what a consumer, or the outside, says or throws may quote the event. */
const OTHERS_WORDS: readonly FailureCode[] = ['unexpected-error', 'rejected', 'not-accepted', 'timer-failed']

/** Our own messages name places, never contents. */
export function explanation({ code, message, place, mistake }: Fault): Record<string, string> {
  if (mistake !== undefined) return { fault: shortened(mistake) }
  if (!OTHERS_WORDS.includes(code)) return { fault: message }
  return place ? { place } : {}
}
