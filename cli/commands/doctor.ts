import type { Command } from 'commander'
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
import { choice, environmentOption, JSON_OPTION, someText } from '../arguments.ts'
import { configOf, environmentOf } from '../connections.ts'
import { findingsBeforeDeploy } from '../doctor/before-deploy.ts'
import { doctorText, reportOf } from '../doctor/text.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { more } from '../help.ts'
import { printReport, type Terminal } from '../terminal.ts'

interface DoctorOptions {
  readonly beforeDeploy?: true
  readonly stage?: string
  readonly region?: string
  readonly strict?: true
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Check an environment against the checklists of producers, consumers and topics, and say for each point that it is ok, or what to
change.

Nothing is changed. What cannot be seen from here is unknown, with the reason, and never ok.`

const MORE = `
The exit status is 1 if anything is wrong, and with --strict also if anything is unknown.

Examples:
  sluice doctor
  sluice doctor --stage prod --cluster-arn arn:aws:kafka:… --json
  sluice doctor --before-deploy --stage prod`

export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('check an environment, or what a deployment will need')
    .description(ABOUT)
    .option('--before-deploy', 'check what a deployment of --stage will need')
    .addOption(choice('--stage <stage>', 'judge as this stage of an account', Object.keys(STAGES)))
    .option('--region <region>', 'where it is deployed to (default: AWS_REGION, else "us-east-1")', someText)
    .option('--strict', 'fail also for what is unknown')
    .option(...JSON_OPTION)
    .option(...environmentOption('to check; with --stage, the stage is the default'))
    .addHelpText('after', more(MORE))
    .action((options: DoctorOptions) => doctor(options, terminal))
}

async function doctor(options: DoctorOptions, terminal: Terminal): Promise<void> {
  const { beforeDeploy = false, stage, strict, json } = options
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
  requireSound(report.counts, strict ?? false)
}

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
