/** Formats findings as text. Pure. */
import type { Area, Finding, Verdict } from '../../lib/diagnosis/finding.ts'
import { escapeText } from '../output/text-width.ts'

/** JSON document that `doctor --json` prints. */
interface DoctorReport {
  readonly env: string
  readonly counts: Readonly<Record<Verdict, number>>
  readonly findings: readonly Finding[]
}

const HEADINGS: Readonly<Record<Area, string>> = {
  kafka: 'Kafka',
  redis: 'Redis',
  topics: 'Topics',
  producers: 'Producers',
  consumers: 'Consumers',
  history: 'History',
}

const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✓', wrong: '✗', open: '•', unknown: '?' }

/**
 * Returns the text of the findings. In each area, a check that is ok for several subjects is shown on one line, and so are other
 * findings with the same text and instruction, because they have the same cause.
 */
export function formatFindings({ env, counts, findings }: DoctorReport): string {
  const sections = (Object.keys(HEADINGS) as Area[]).flatMap(area => {
    const own = findings.filter(finding => finding.area === area)
    return own.length === 0 ? [] : [[HEADINGS[area], ...formatArea(own)].join('\n')]
  })
  const { ok, wrong, open, unknown } = counts
  const end = `"${env}": ${ok} ok, ${wrong} wrong, ${open} open, ${unknown} unknown.`
  return `${[...sections, end].join('\n\n')}\n`
}

function formatArea(findings: readonly Finding[]): string[] {
  const causes = Map.groupBy(findings, ({ check, verdict, says, todo }) =>
    verdict === 'ok' ? JSON.stringify([check]) : JSON.stringify([verdict, says, todo]),
  )
  return [...causes.values()].flatMap(same =>
    same[0]?.verdict === 'ok' ? formatOk(same) : formatCause(same),
  )
}

function formatOk(findings: readonly Finding[]): string[] {
  const [first, ...others] = findings
  if (!first) return []
  if (others.length === 0) return [`  ${SIGNS.ok} ${first.check}: ${formatFinding(first)}`]
  const says = new Set(findings.map(finding => finding.says))
  const what = says.size === 1 ? first.says : `${first.subject}: ${first.says}, …`
  return [`  ${SIGNS.ok} ${first.check} (${findings.length}): ${escapeText(what)}`]
}

/** Number of subjects that are named on one line. */
const MAX_SUBJECTS = 4

function formatCause(findings: readonly Finding[]): string[] {
  const [{ verdict, says, todo }] = findings as [Finding]
  const places = findings.slice(0, MAX_SUBJECTS).map(({ check, subject }) => `${check}: ${subject}`)
  const more = findings.length - places.length
  const line = `  ${SIGNS[verdict]} ${escapeText(`${places.join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${says}`)}`
  return todo === undefined ? [line] : [line, `      → ${escapeText(todo)}`]
}

function formatFinding({ subject, says }: Finding): string {
  return escapeText(`${subject}: ${says}`)
}
