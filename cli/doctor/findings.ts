/**
 * Collects findings about a running environment, or about a deployment before it is made. For a deployment, the settings, the
 * account and the reachable servers are checked.
 */

import { account, REQUIRED, tellsMissing } from '../../infra/account.ts'
import { deploymentPlan } from '../../infra/checks/servers.ts'
import { problemsWith, withStackOutputs } from '../../infra/stack-outputs.ts'
import { stageNamed } from '../../infra/stages.ts'
import { accountThings } from '../../lib/app/aws/account-things.ts'
import { stackOutputs } from '../../lib/app/aws/stack-outputs.ts'
import { type Config, readConfig } from '../../lib/app/config.ts'
import { readEntries } from '../../lib/app/function-entries.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import { historyAt } from '../../lib/app/history.ts'
import { redisSecret } from '../../lib/app/resource-names.ts'
import { archiveFacts } from '../../lib/diagnosis/ask-history.ts'
import { accountFinding } from '../../lib/diagnosis/checks/account.ts'
import { stallFindings } from '../../lib/diagnosis/checks/consumers.ts'
import { historyFindings } from '../../lib/diagnosis/checks/history.ts'
import { examined } from '../../lib/diagnosis/examine.ts'
import { type Finding, finding, type Observed, ok, unknown, wrong } from '../../lib/diagnosis/finding.ts'
import type { StalledFunctions } from '../../lib/diagnosis/stalls/standing-still.ts'
import type { TopicPlan } from '../../lib/operations/topic-plan.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { ConfigError } from '../../packages/runtime/settings/config-error.ts'
import type { Environment } from '../../packages/runtime/settings/slice.ts'
import { awsPlace } from '../../programs/aws-place.ts'
import { PROJECT } from '../../programs/paths.ts'
import { asPlanned } from './as-planned.ts'

const SETTINGS_PAGE = 'See docs/deployment.md for the settings.'
/** Areas whose checks require running functions. They are not checked before a deployment. */
const NOT_YET = new Set(['consumers', 'producers'])
/**
 * Variables with which this command connects to another cluster than the functions. A deployment does not pass these variables to
 * the functions.
 */
const OTHER_KAFKA: readonly string[] = ['KAFKA_BROKERS', 'EVENT_HUBS_CONN_STR']

/** Returns findings about a deployment before it is made. @param variables environment variables of the deploying command */
export async function findingsBeforeDeploy(
  stage: string,
  region: string,
  variables: Environment,
): Promise<Finding[]> {
  const endpoint = variables.AWS_ENDPOINT_URL ? { endpoint: variables.AWS_ENDPOINT_URL } : {}
  const { environment, problems } = await withStackOutputs(variables, region, stack =>
    stackOutputs({ region, ...endpoint }, stack),
  )
  const place = account(stage, region, environment, PROJECT)
  const settings = settingFindings(problemsWith(problems, place.problems), environment, problems.length > 0)
  const config = configFor(stage, region, withoutOtherKafka(environment))
  if (!('env' in config)) return [...settings, ...otherSettings(config, settings)]
  if (!stageNamed(stage)) return settings
  const things = await accountThings({
    config,
    access: { ...awsPlace(variables), region },
    generator: place.schedules.generator,
    console: place.console,
    ...(place.registrySecret ? { registrySecret: place.registrySecret } : {}),
  })
  return [
    ...(settings.length > 0
      ? settings
      : [finding('account', 'settings', stage, ok('the settings are complete'))]),
    ...things.map(({ thing, seen }) => accountFinding(thing, seen, true)),
    concurrencyFinding(region),
    ...(await kafkaAndRedisFindings(stage, region, environment, config)),
  ]
}

function withoutOtherKafka(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OTHER_KAFKA.includes(name)))
}

/**
 * Returns findings about Kafka and Redis. If a variable selects another cluster than the one of the deployment, that cluster is
 * checked, and this is reported as a finding.
 */
async function kafkaAndRedisFindings(
  stage: string,
  region: string,
  environment: Environment,
  deployed: Config,
): Promise<Finding[]> {
  const others = OTHER_KAFKA.filter(name => environment[name]?.trim())
  if (others.length === 0) return serverFindings(deployed)
  const looked = configFor(stage, region, environment)
  if (!('env' in looked))
    return looked.map(error =>
      wrongSetting(error, `Unset ${others.join(' and ')}, which a deployment ignores.`),
    )
  return [...others.map(ignoredFinding), ...(await serverFindings(looked))]
}

function ignoredFinding(name: string): Finding {
  return finding(
    'account',
    'settings',
    name,
    unknown(
      'a deployment ignores it: the findings about Kafka concern the cluster that it selects',
      'Unset it to check the cluster in MSK_CLUSTER_ARN.',
    ),
  )
}

/**
 * Returns one finding for each variable that is missing or invalid.
 *
 * @param isBlind true if the stack that provides variables could not be read, so that it is unknown which variables are missing
 */
function settingFindings(problems: readonly string[], environment: Environment, isBlind: boolean): Finding[] {
  const missing = isBlind ? [] : REQUIRED.filter(name => !environment[name]?.trim())
  // Exclude the error that lists all missing variables, because each has its own finding.
  const others = problems.filter(problem => missing.length === 0 || !tellsMissing(problem))
  return [
    ...missing.map(name => finding('account', 'settings', name, wrong('is not set', SETTINGS_PAGE))),
    ...others.map(problem => wrongSetting(problem, SETTINGS_PAGE)),
  ]
}

/** Returns a finding for an invalid setting. @param problem error message, which may start with the name of a variable */
function wrongSetting(problem: string, todo: string): Finding {
  const [, name = 'settings'] = /^([A-Z][A-Z_]+)\b/.exec(problem) ?? []
  return finding(
    'account',
    'settings',
    name,
    wrong(problem.replace(`${name}: `, '').replace(/\.$/, ''), todo),
  )
}

/** Returns findings for errors in the settings of the functions that have not been reported yet. */
function otherSettings(errors: readonly string[], told: readonly Finding[]): Finding[] {
  const names = new Set(told.map(({ subject }) => subject))
  const follows = (name: string) =>
    names.has(name) || (names.has('INFRA_STACK') && REQUIRED.includes(name)) || name === 'KAFKA_BROKERS'
  return errors
    .map(error => wrongSetting(error, 'See docs/configuration.md for all variables.'))
    .filter(({ subject }) => !follows(subject))
}

/** Returns the settings of the functions, or the errors in them. */
function configFor(stage: string, region: string, environment: Environment): Config | readonly string[] {
  try {
    return readConfig({
      ...environment,
      REDIS_SECRET: redisSecret(stage),
      SLUICE_ENV: stage,
      AWS_REGION: region,
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.errors
  }
}

async function serverFindings(config: Config): Promise<Finding[]> {
  const connections = new Connections(config, 'sluice-doctor')
  try {
    const all = await examined({ config, connections, functions: [], ticks: false, asAccount: true })
    const seen = all.filter(({ area, check }) => !NOT_YET.has(area) && check !== 'ticks')
    return asPlanned(seen, await planIfReached(seen, config, connections)).map(asBefore)
  } finally {
    await connections.close().catch(() => {})
  }
}

async function planIfReached(
  findings: readonly Finding[],
  config: Config,
  connections: Connections,
): Promise<Observed<TopicPlan>> {
  const isReached = findings.some(
    ({ area, check, verdict }) => area === 'kafka' && check === 'reached' && verdict === 'ok',
  )
  return isReached ? deploymentPlan(config, connections) : { unseen: 'Kafka could not be checked' }
}

/**
 * Adjusts a finding for a check from outside the network. A server that can be reached only from within the network is not an
 * error.
 */
function asBefore(found: Finding): Finding {
  const { area, check, verdict, subject, says } = found
  if (verdict !== 'wrong' || check !== 'reached') return found
  return finding(
    area,
    check,
    subject,
    unknown(
      `not reached from here: ${says}`,
      'Run the check from the network of the functions. A deployment checks its topics from there.',
    ),
  )
}

/**
 * Returns a finding about the concurrency limit of the account. Only Lambda can report the limit, so this command does not check
 * it.
 */
function concurrencyFinding(region: string): Finding {
  return finding(
    'account',
    'concurrency',
    region,
    unknown(
      'scheduled functions reserve one concurrent execution each, and AWS leaves 100 unreserved: a new account may have too few',
      `aws lambda get-account-settings --region ${region} shows UnreservedConcurrentExecutions; request an increase in Service Quotas.`,
    ),
  )
}

interface Deployed {
  readonly region: string
  readonly asAccount: boolean
}

/**
 * Returns findings about a running environment.
 *
 * @param at stage of the deployment, and whether the requirements for an AWS account apply
 * @param stalls stalls that `npm start` reports; undefined if it does not run the functions
 */
export async function findingsOf(
  config: Config,
  at: Deployed,
  environment: Environment,
  stalls: readonly StalledFunctions[] | undefined,
): Promise<Finding[]> {
  const connections = new Connections(config, 'sluice-doctor')
  const entryOf = readEntries()
  const functions = readFunctions().map(one => {
    return { ...one, timeoutMs: entryOf(one.name).timeoutSeconds * 1_000 }
  })
  try {
    const findings = [
      ...(await accountFindings(config, at.region, environment)),
      ...(await examined({
        config,
        connections,
        functions,
        stalls,
        ticks: environment.SLUICE_SCHEDULES !== 'off',
        asAccount: at.asAccount,
      })),
      ...(await archiveFindings(config, environment)),
    ]
    return [...findings, ...stallFindings(stalls ?? [], findings)]
  } finally {
    await connections.close().catch(() => {})
  }
}

/** Returns findings about the history; none without a bucket. */
async function archiveFindings(config: Config, environment: Environment): Promise<Finding[]> {
  const store = await historyAt(config, awsPlace(environment))
  if (!store) return []
  try {
    return (await archiveFacts(store, config.env, Date.now())).flatMap(historyFindings)
  } finally {
    store.close?.()
  }
}

/** Returns findings about the resources in an account, or in the AWS emulator of `npm start`. */
async function accountFindings(config: Config, region: string, environment: Environment): Promise<Finding[]> {
  const access = { ...awsPlace(environment), region: config.kafka.region ?? region }
  if (!config.kafka.clusterArn && access.endpoint === undefined) return []
  const things = await accountThings({
    config,
    access,
    generator: environment.SLUICE_GENERATOR === 'on',
    console: environment.SLUICE_CONSOLE === 'on',
    ...(environment.SCHEMA_REGISTRY_SECRET ? { registrySecret: environment.SCHEMA_REGISTRY_SECRET } : {}),
  })
  return things.map(({ thing, seen }) => accountFinding(thing, seen, false))
}
