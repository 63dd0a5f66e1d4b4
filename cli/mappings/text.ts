/** Formats verdicts on records as text. Pure. */
import { count as numbered } from '../../lib/count.ts'
import { listLines } from '../table.ts'
import { harmless, shortened } from '../text-width.ts'

type Judged =
  | { readonly accepted: true; readonly event: Readonly<Record<string, unknown>> }
  | { readonly accepted: false; readonly code: string; readonly reason: string }

/**
 * Formats the verdict on a record. The position is followed by one line for each attribute and for the data or, for a refused
 * record, by the failure code and the reason.
 */
export function verdictText(place: string, verdict: Judged, columns: number | undefined): string {
  const lines = verdict.accepted
    ? [`${place}  ✓ ${verdict.event.type}`, ...membersOf(verdict.event)]
    : [`${place}  ✗ ${verdict.code}: ${verdict.reason}`]
  return lines.map(line => `${shortened(harmless(line), columns)}\n`).join('')
}

/** Returns a summary such as `3 records: 1 event, 2 refused (malformed-event 1, not-a-cloudevent 1)`. */
export function summaryText(verdicts: readonly Judged[]): string {
  const codes = new Map<string, number>()
  for (const verdict of verdicts)
    if (!verdict.accepted) codes.set(verdict.code, (codes.get(verdict.code) ?? 0) + 1)
  const refused = [...codes.values()].reduce((sum, count) => sum + count, 0)
  const each = [...codes].map(([code, count]) => `${code} ${count}`).join(', ')
  const records = numbered(verdicts.length, 'record')
  return `${records}: ${numbered(verdicts.length - refused, 'event')}, ${refused} refused${each && ` (${each})`}\n`
}

/** Attributes that are not listed. The type is shown on the first line, and the specversion is the same for all events. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['specversion', 'type'])

function membersOf(event: Readonly<Record<string, unknown>>): string[] {
  const members = Object.entries(event).filter(([name]) => !NOT_SHOWN.has(name))
  return listLines(
    members.map(([name, value]) => [name, shown(name, value)]),
    '  ',
  )
}

function shown(name: string, value: unknown): string {
  return typeof value === 'string' && name !== 'data' ? value : JSON.stringify(value)
}
