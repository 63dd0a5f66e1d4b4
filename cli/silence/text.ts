/** Formats silences as text and as a report. Pure. */
import { matchText } from '../../lib/notification/alert-match.ts'
import { getPhase, type Silence, type SilencePhase } from '../../lib/notification/silences.ts'
import { utcSecond } from '../../lib/support/time-text.ts'
import { formatTable } from '../output/table.ts'

export interface SilenceReport extends Silence {
  readonly state: SilencePhase
}

export function toReport(silence: Silence, nowMs: number): SilenceReport {
  return { ...silence, state: getPhase(silence, nowMs) }
}

const COLUMNS = [
  { heading: 'ID' },
  { heading: 'STATE' },
  { heading: 'FROM', leaveOut: 2 },
  { heading: 'UNTIL' },
  { heading: 'MATCH', least: 20 },
  { heading: 'BY', least: 8, leaveOut: 1 },
  { heading: 'COMMENT', least: 10 },
]

export function formatSilences(silences: readonly SilenceReport[], width: number | undefined): string {
  if (silences.length === 0) return 'No matching silences.\n'
  const rows = silences.map(({ id, state, startsAt, endsAt, match, author, comment }) => [
    id,
    state,
    utcSecond(Date.parse(startsAt)),
    utcSecond(Date.parse(endsAt)),
    matchText(match),
    author,
    comment,
  ])
  return `${formatTable(COLUMNS, rows, width)}\n`
}
