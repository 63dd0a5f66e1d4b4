import { STAGES } from '../../infra/stages.ts'
import { functionTimeouts } from '../../infra/timeouts.ts'
import { accountThings } from '../../lib/app/aws/account-things.ts'
import type { Config } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import { accountFinding } from '../../lib/diagnosis/checks/account.ts'
import { examined } from '../../lib/diagnosis/examine.ts'
import type { Finding } from '../../lib/diagnosis/finding.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import type { Environment } from '../../packages/runtime/settings/slice.ts'
import { oneOf } from '../../packages/runtime/settings/values.ts'
import { command, environment, flag, JSON_OPTION, option, SOME_TEXT, type ValuesOf } from '../command.ts'
import { configOf, environmentOf } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { findingsBeforeDeploy } from './before-deploy.ts'
import { doctorText, reportOf } from './text.ts'

type DoctorOptions = ValuesOf<typeof OPTIONS>

const OPTIONS = {
  beforeDeploy: flag('check what a deployment of --stage will need'),
  stage: option('<stage>', 'judge as this stage of an account', oneOf(Object.keys(STAGES))),
  region: option('<region>', 'where it is deployed to (default: AWS_REGION, else "us-east-1")', SOME_TEXT),
  strict: flag('fail also for what is unknown'),
  json: JSON_OPTION,
  env: environment('to check; with --stage, the stage is the default'),
}

export default command({
  about: `Check an environment against the checklists of producers, consumers and topics, and say for each point that it is ok, or what to
change.

Nothing is changed. What cannot be seen from here is unknown, with the reason, and never ok.`,
  more: `
The exit status is 1 if anything is wrong, and with --strict also if anything is unknown.

Examples:
  sluice doctor
  sluice doctor --stage prod --cluster-arn arn:aws:kafka:… --json
  sluice doctor --before-deploy --stage prod`,
  options: OPTIONS,
  async run(options, terminal) {
    const { beforeDeploy, stage, strict, json } = options
    if (beforeDeploy && stage === undefined)
      throw usageFailure('--before-deploy needs the stage: --stage prod.')
    if (beforeDeploy && options.env !== undefined)
      throw usageFailure('--before-deploy takes no --env: topics are named after the stage that is deployed.')
    const env = options.env ?? stage
    const findings =
      beforeDeploy && stage !== undefined
        ? await findingsBeforeDeploy(stage, regionOf(options, terminal.environment), deploying(terminal))
        : await findingsOf(configOf(terminal, env), options, environmentOf(terminal, env))
    const report = reportOf(env ?? configOf(terminal, env).env, beforeDeploy, findings)
    printReport(terminal, report, json, doctorText)
    requireSound(report.counts, strict)
  },
})

/** A deployment knows nothing of the stacks that run on this machine. */
function deploying({ environment, withKafkaOptions = same => same }: Terminal): Environment {
  return withKafkaOptions(environment)
}

function regionOf({ region }: DoctorOptions, environment: Environment): string {
  return region ?? (environment.AWS_REGION || 'us-east-1')
}

async function findingsOf(
  config: Config,
  options: DoctorOptions,
  environment: Environment,
): Promise<Finding[]> {
  const connections = new Connections(config, 'sluice-doctor')
  const asAccount = options.stage !== undefined
  const timeouts = functionTimeouts()
  const functions = readFunctions().map(one => ({ ...one, timeoutMs: timeouts.get(one.name) ?? 0 }))
  try {
    return [
      ...(config.kafka.clusterArn ? await accountFindings(config, options, environment) : []),
      ...(await examined({
        config,
        connections,
        functions,
        ticks: environment.SLUICE_SCHEDULES !== 'off',
        asAccount,
      })),
    ]
  } finally {
    await connections.close().catch(() => {})
  }
}

async function accountFindings(
  config: Config,
  options: DoctorOptions,
  environment: Environment,
): Promise<Finding[]> {
  const things = await accountThings({
    config,
    region: config.kafka.region ?? regionOf(options, environment),
    generator: environment.SLUICE_GENERATOR === 'on',
    console: environment.SLUICE_CONSOLE === 'on',
    ...(environment.SCHEMA_REGISTRY_SECRET ? { registrySecret: environment.SCHEMA_REGISTRY_SECRET } : {}),
    ...(environment.AWS_ENDPOINT_URL ? { endpoint: environment.AWS_ENDPOINT_URL } : {}),
  })
  return things.map(({ thing, seen }) => accountFinding(thing, seen, false))
}

function requireSound(
  { ok, wrong, unknown }: Readonly<Record<Finding['verdict'], number>>,
  strict: boolean,
): void {
  if (wrong > 0) throw new CliFailure(wrong === 1 ? '1 thing is wrong.' : `${wrong} things are wrong.`)
  if (ok === 0) throw new CliFailure('Nothing could be seen.')
  if (strict && unknown > 0)
    throw new CliFailure(
      `${unknown} ${unknown === 1 ? 'thing is' : 'things are'} unknown, and --strict asks for all.`,
    )
}
