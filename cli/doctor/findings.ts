/** Collects findings about a running environment. */
import { accountThings } from '../../lib/app/aws/account-things.ts'
import type { Config } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import { historyAt } from '../../lib/app/history.ts'
import { archiveFacts } from '../../lib/diagnosis/ask-history.ts'
import { accountFinding } from '../../lib/diagnosis/checks/account.ts'
import { stallFindings } from '../../lib/diagnosis/checks/consumers.ts'
import { historyFindings } from '../../lib/diagnosis/checks/history.ts'
import { examined } from '../../lib/diagnosis/examine.ts'
import type { Finding } from '../../lib/diagnosis/finding.ts'
import type { StalledFunctions } from '../../lib/diagnosis/stalls/standing-still.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import type { Environment } from '../../packages/runtime/settings/slice.ts'
import { awsPlace } from '../../programs/aws-place.ts'

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
  try {
    const findings = [
      ...(await accountFindings(config, at.region, environment)),
      ...(await examined({
        config,
        connections,
        functions: readFunctions(),
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
  return things.map(({ thing, seen }) => accountFinding(thing, seen))
}
