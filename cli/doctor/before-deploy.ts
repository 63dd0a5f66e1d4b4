/** What a deployment will need: its settings, what is in the account, and the servers as far as they are reached from here. */
import { account, REQUIRED } from '../../infra/account.ts'
import { stageNamed } from '../../infra/stages.ts'
import { accountThings } from '../../lib/app/aws/account-things.ts'
import { type Config, readConfig } from '../../lib/app/config.ts'
import { examined } from '../../lib/app/doctor/examine.ts'
import { accountFinding } from '../../lib/queries/doctor/checks/account.ts'
import { about, type Finding } from '../../lib/queries/doctor/finding.ts'
import { Connections } from '../../lib/runtime/lambda/connections.ts'
import { ConfigError } from '../../lib/runtime/settings/config-error.ts'
import type { Environment } from '../../lib/runtime/settings/slice.ts'
import { PROJECT } from '../../programs/paths.ts'

/** Neither is there before the first deployment, and a deployment makes or changes them. */
const MADE_BY_DEPLOYMENT = new Set(['exists', 'retention', 'message-size', 'compression'])
const SETTINGS_PAGE = 'docs/deployment.md says what to set.'
/** They are about what runs. */
const NOT_YET = new Set(['consumers', 'producers'])

/** @param environment the variables of the command that will deploy */
export async function findingsBeforeDeploy(
  stage: string,
  region: string,
  environment: Environment,
): Promise<Finding[]> {
  const place = account(stage, region, environment, PROJECT)
  const settings = settingFindings(place.problems, environment)
  const config = configFor(stage, region, environment)
  if (!(stageNamed(stage) && 'env' in config)) return [...settings, ...('env' in config ? [] : [config])]
  const things = await accountThings({
    config,
    region,
    generator: place.schedules.generator,
    console: place.console,
    ...(place.registrySecret ? { registrySecret: place.registrySecret } : {}),
    ...(environment.AWS_ENDPOINT_URL ? { endpoint: environment.AWS_ENDPOINT_URL } : {}),
  })
  return [
    ...(settings.length > 0
      ? settings
      : [about('account', 'settings', stage).ok('the settings are complete')]),
    ...things.map(({ thing, seen }) => accountFinding(thing, seen, true)),
    concurrencyFinding(region),
    ...(await serverFindings(config)),
  ]
}

/** One for each variable that is missing or wrong. */
function settingFindings(problems: readonly string[], environment: Environment): Finding[] {
  const missing = REQUIRED.filter(name => !environment[name])
  // The sentence that names all that are missing.
  const others = problems.filter(problem => missing.length === 0 || !problem.includes(` needs ${missing[0]}`))
  return [
    ...missing.map(name => about('account', 'settings', name).wrong('is not set', SETTINGS_PAGE)),
    ...others.map(problem => {
      const [, name = 'settings'] = /^([A-Z][A-Z_]+)\b/.exec(problem) ?? []
      return about('account', 'settings', name).wrong(problem.replace(/\.$/, ''), SETTINGS_PAGE)
    }),
  ]
}

function configFor(stage: string, region: string, environment: Environment): Config | Finding {
  try {
    return readConfig({
      REDIS_SECRET: `sluice/${stage}/redis`,
      ...environment,
      SLUICE_ENV: stage,
      AWS_REGION: region,
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return about('account', 'settings', stage).wrong(
      error.errors.join('; '),
      'docs/configuration.md has every variable.',
    )
  }
}

async function serverFindings(config: Config): Promise<Finding[]> {
  const connections = new Connections(config, 'doctor')
  try {
    const all = await examined({ config, connections, functions: [], ticks: false, asAccount: true })
    return all.filter(({ area, check }) => !NOT_YET.has(area) && check !== 'ticks').map(asBefore)
  } finally {
    await connections.close().catch(() => {})
  }
}

/** From here, a server that is only reached from within its network is not wrong. */
function asBefore(finding: Finding): Finding {
  const { area, check, verdict, subject, says } = finding
  if (verdict !== 'wrong') return finding
  if (check === 'reached')
    return about(area, check, subject).unknown(
      `not reached from here: ${says}`,
      'Ask from within the network of the functions. A deployment looks at its topics from there.',
    )
  if (area === 'topics' && MADE_BY_DEPLOYMENT.has(check))
    return about(area, check, subject).ok(`${says}; the deployment puts it right`)
  return finding
}

/** The limit is of the account, and Lambda alone tells it. */
function concurrencyFinding(region: string): Finding {
  return about('account', 'concurrency', region).unknown(
    'scheduled functions reserve one concurrent execution each, and AWS leaves 100 unreserved: a new account may have too few',
    `aws lambda get-account-settings --region ${region} shows UnreservedConcurrentExecutions; Service Quotas raises it.`,
  )
}
