/** Formats findings as text. Pure. */
import { type Area, counted, type Finding, type Verdict } from '../../lib/diagnosis/finding.ts'
import { harmless } from '../text-width.ts'

/** JSON document that `doctor --json` prints. */
interface DoctorReport {
  readonly env: string
  readonly beforeDeploy: boolean
  readonly counts: Readonly<Record<Verdict, number>>
  readonly findings: readonly Finding[]
}

export function reportOf(env: string, beforeDeploy: boolean, findings: readonly Finding[]): DoctorReport {
  return { env, beforeDeploy, counts: counted(findings), findings }
}

const HEADINGS: Readonly<Record<Area, string>> = {
  account: 'Account',
  kafka: 'Kafka',
  redis: 'Redis',
  clocks: 'Clocks',
  topics: 'Topics',
  producers: 'Producers',
  consumers: 'Consumers',
}

const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✓', wrong: '✗', unknown: '?' }

/**
 * Returns the text of the findings. A check that is ok for several subjects is shown on one line. All other findings are on
 * separate lines.
 */
export function doctorText({ env, counts, findings }: DoctorReport): string {
  const sections = (Object.keys(HEADINGS) as Area[]).flatMap(area => {
    const own = findings.filter(finding => finding.area === area)
    return own.length === 0 ? [] : [[HEADINGS[area], ...linesOf(own)].join('\n')]
  })
  const { ok, wrong, unknown } = counts
  const end = `"${env}": ${ok} ok, ${wrong} wrong, ${unknown} unknown.`
  return `${[...sections, end].join('\n\n')}\n`
}

function linesOf(findings: readonly Finding[]): string[] {
  const checks = [...new Set(findings.map(({ check }) => check))]
  return checks.flatMap(check => {
    const own = findings.filter(finding => finding.check === check)
    const others = own.filter(({ verdict }) => verdict !== 'ok')
    return [...okLine(own.filter(({ verdict }) => verdict === 'ok')), ...others.flatMap(ownLines)]
  })
}

function okLine(findings: readonly Finding[]): string[] {
  const [first, ...others] = findings
  if (!first) return []
  if (others.length === 0) return [`  ${SIGNS.ok} ${first.check}: ${shown(first)}`]
  const says = new Set(findings.map(one => one.says))
  const what = says.size === 1 ? first.says : `${first.subject}: ${first.says}, …`
  return [`  ${SIGNS.ok} ${first.check} (${findings.length}): ${harmless(what)}`]
}

function ownLines(finding: Finding): string[] {
  const { check, verdict, todo } = finding
  const line = `  ${SIGNS[verdict]} ${check}: ${shown(finding)}`
  return todo === undefined ? [line] : [line, `      → ${harmless(todo)}`]
}

function shown({ subject, says }: Finding): string {
  return harmless(`${subject}: ${says}`)
}
