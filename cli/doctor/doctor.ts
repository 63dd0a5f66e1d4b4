import { oneOf } from '#runtime/settings'
import { STAGES } from '../../infra/place/stages.ts'
import { countVerdicts, type Finding } from '../../lib/diagnosis/finding.ts'
import { flagField, optionField } from '../../lib/questions/field.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { resolveConfig, resolveEnvironment } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'
import { formatFindings } from './text.ts'

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
