/** What is known of an account to deploy to, and every reason why it cannot be deployed to. Pure. */
import { isAbsolute, posix, relative, resolve, sep } from 'node:path'
import { type Schedules, schedulesFrom } from './schedules.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A place where the functions run, as serverless.yml needs it. */
export interface Place {
  /** The environment's name: last part of the topics' names. */
  readonly env: string
  readonly clusterArn: string
  /** What the msk trigger connects to, on this machine. */
  readonly brokers: string
  /** As the function that reads the rules finds it where it runs. */
  readonly rulesDir: string
  /** The rule files in the package of that function. */
  readonly rulePatterns: readonly string[]
  readonly schedules: Schedules
  readonly vpc?: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }
  /** Variables of every function. */
  readonly environment: Readonly<Record<string, string>>
  /** Why nothing can be deployed with this, a sentence each. The rest is then made up where it was missing. */
  readonly problems: readonly string[]
}

/** Stands in for a wrong or a missing ARN, so that everything else can be checked, too. */
const NO_CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/none/00000000-0000-0000-0000-000000000000-1'
const NO_REDIS = 'rediss://none:6379'

const REQUIRED = ['MSK_CLUSTER_ARN', 'REDIS_URL', 'SUBNET_IDS', 'SECURITY_GROUP_IDS']
const STAGE = /^[a-z0-9-]{1,20}$/
/** `arn:partition:kafka:region:account:cluster/name/uuid-n`; the last part of a serverless cluster's is `-s1`. */
const CLUSTER_ARN = /^arn:aws[a-z-]*:kafka:([a-z]{2}(?:-[a-z]+)+-\d+):\d{12}:cluster\/[\w-]+\/[0-9a-f-]+-\w+$/

/**
 * @param region the one that is deployed to
 * @param project the folder of the project
 */
export function account(stage: string, region: string, env: Environment, project: string): Place {
  const { schedules, problems: wrongSchedules } = schedulesFrom(env, false)
  const rules = packedRules(env.RULES_DIR || 'rules', project)
  const problems = [
    ...stageProblems(stage),
    ...missingVariables(stage, env),
    ...clusterProblems(env.MSK_CLUSTER_ARN, region),
    ...idProblems('SUBNET_IDS', 'subnet', env),
    ...idProblems('SECURITY_GROUP_IDS', 'sg', env),
    ...(rules === undefined
      ? ['RULES_DIR names a folder outside the project, but rules are packed from inside it.']
      : []),
    ...wrongSchedules,
  ]
  const isCluster = clusterProblems(env.MSK_CLUSTER_ARN, region).length === 0
  const clusterArn = (isCluster && env.MSK_CLUSTER_ARN) || NO_CLUSTER
  const rulesDir = rules ?? 'rules'
  return {
    env: STAGE.test(stage) ? stage : 'none',
    clusterArn,
    brokers: '',
    rulesDir,
    rulePatterns: patternsIn(rulesDir),
    schedules,
    vpc: {
      subnetIds: idsOf(env.SUBNET_IDS, 'subnet').ids,
      securityGroupIds: idsOf(env.SECURITY_GROUP_IDS, 'sg').ids,
    },
    environment: { MSK_CLUSTER_ARN: clusterArn, REDIS_URL: env.REDIS_URL || NO_REDIS },
    problems,
  }
}

/** The folder as a path within the project, with slashes; undefined where it lies outside. */
export function packedRules(folder: string, project: string): string | undefined {
  const within = relative(project, resolve(project, folder))
  if (within === '' || within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within))
    return undefined
  return within.replaceAll(sep, posix.sep)
}

export function patternsIn(folder: string): string[] {
  return ['yaml', 'yml'].map(extension => `${folder}/*.${extension}`)
}

function stageProblems(stage: string): string[] {
  if (STAGE.test(stage)) return []
  return [
    `The stage is "${stage}": it must be 1 to 20 lower-case letters, digits and "-", because topics are named after it.`,
  ]
}

function missingVariables(stage: string, env: Environment): string[] {
  const missing = REQUIRED.filter(name => !env[name])
  if (missing.length === 0) return []
  const names = new Intl.ListFormat('en', { style: 'long', type: 'conjunction' }).format(missing)
  return [`The stage "${stage}" needs ${names}: docs/deployment.md says what to set.`]
}

function clusterProblems(arn: string | undefined, region: string): string[] {
  if (!arn) return []
  const clusterRegion = CLUSTER_ARN.exec(arn)?.[1]
  if (clusterRegion === undefined)
    return [
      `MSK_CLUSTER_ARN is "${arn}", which is not the ARN of an MSK cluster: arn:aws:kafka:<region>:<account>:cluster/<name>/<id>.`,
    ]
  if (clusterRegion === region) return []
  return [
    `MSK_CLUSTER_ARN names a cluster in ${clusterRegion}, but the deployment goes to ${region}: use --region ${clusterRegion}, ` +
      `or a cluster in ${region}.`,
  ]
}

function idProblems(name: string, prefix: string, env: Environment): string[] {
  const value = env[name]
  if (!value || idsOf(value, prefix).areAll) return []
  return [`${name} is "${value}": it must be ids such as ${prefix}-0a1b2c3d, separated by commas.`]
}

/** Those that are ids, and whether all are: the framework would refuse others, in words of its own. */
function idsOf(value = '', prefix: string): { readonly ids: readonly string[]; readonly areAll: boolean } {
  const parts = value.split(',').map(part => part.trim())
  const ids = parts.filter(part => new RegExp(`^${prefix}-[0-9a-z]+$`).test(part))
  return { ids, areAll: ids.length === parts.length }
}
