import { oneOf } from '#runtime/settings'
import { type Area, countVerdicts, type Finding, type Verdict } from '../../control/diagnosis/finding.ts'
import { flagField, optionField } from '../../control/questions/field.ts'
import { STAGES } from '../../infra/place/stages.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { escapeText } from '../output/text-width.ts'
import { resolveConfig, resolveEnvironment } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'

const HEADINGS: Readonly<Record<Area, string>> = {
  kafka: 'Kafka',
  redis: 'Redis',
  topics: 'Topics',
  producers: 'Producers',
  consumers: 'Consumers',
  operations: 'Operations',
  history: 'History',
}

const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✓', wrong: '✗', open: '•', unknown: '?' }

/** Number of subjects that are named on one line. */
const MAX_SUBJECTS = 4

export default command({
  about: `Check an environment against the checklists of producers, consumers and topics, and report for each point whether it
is ok, or what to change.

Nothing is changed. A check that cannot be made from here is reported as unknown, with the reason, and never as ok.`,
  more: `
The exit status is 1 if a check failed, and with --strict also if a check was not possible.

Examples:
  sluice doctor
  sluice doctor --stage prod --cluster-arn arn:aws:kafka:… --json`,
  fields: {
    stage: optionField(
      '<stage>',
      'apply the standards of this stage of an account',
      oneOf(Object.keys(STAGES)),
    ),
    strict: flagField('also fail for unknown findings'),
    json: JSON_OPTION,
    env: environment('to check; with --stage, the stage is the default'),
  },
  async run(options, terminal) {
    const { stage, strict, json } = options
    const env = options.env ?? stage
    const config = resolveConfig(terminal, env)
    const { collectFindings } = await import('./findings.ts')
    const findings = await collectFindings(config, stage !== undefined, resolveEnvironment(terminal, env))
    const report = { env: config.env, counts: countVerdicts(findings), findings }
    printReport(terminal, report, json, formatFindings)
    requireSound(report.counts, strict)
  },
})

function requireSound(
  { ok, wrong, unknown }: Readonly<Record<Finding['verdict'], number>>,
  strict: boolean,
): void {
  if (wrong > 0) throw new CliFailure(wrong === 1 ? '1 check failed.' : `${wrong} checks failed.`)
  if (ok === 0) throw new CliFailure('No check could be made.')
  if (strict && unknown > 0)
    throw new CliFailure(
      `${unknown} ${unknown === 1 ? 'check was' : 'checks were'} not possible, and --strict requires all.`,
    )
}

/** JSON document that `doctor --json` prints. */
interface DoctorReport {
  readonly env: string
  readonly counts: Readonly<Record<Verdict, number>>
  readonly findings: readonly Finding[]
}

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
