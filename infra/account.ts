/** Facts of an account to deploy to, and every reason why it cannot be deployed to. Pure. */
import { alertsTopicName } from '../lib/app/resource-names.ts'
import {
  CHECKPOINTS,
  CLOCK,
  type Environment,
  FAILURES,
  GENERAL,
  KAFKA,
  MAPPINGS,
  NOTIFICATIONS,
  ON_FAILURE,
  RECEIVERS,
  REDIS,
  REGISTRY,
  RULES,
  readSetting,
  TRACING,
} from '../lib/app/settings/index.ts'
import { parseRedisUrl } from '../packages/runtime/adapters/redis/address.ts'
import type { Alarming } from './alarms/alarm.ts'
import { alarmingOf } from './alarms/place.ts'
import { arnHere } from './arn.ts'
import type { ConsoleTokens } from './console-api.ts'
import { type Folders, packedFolders } from './folders.ts'
import { type KafkaSecrets, kafkaSecretProblems } from './kafka-secrets.ts'
import { otherRegions } from './other-regions.ts'
import { PROCESS_VARIABLES } from './process-variables.ts'
import { type Schedules, schedulesFrom } from './schedules.ts'
import { CONSOLE_DEPLOYMENT, TRACING_DEPLOYMENT, VPC } from './settings.ts'
import { STAGES, type Stage, stageNamed } from './stages.ts'

/** A place where the functions run, as serverless.yml needs it. */
export interface DeploymentPlace {
  /** The environment's name: last part of the topics' names. */
  readonly env: string
  readonly clusterArn: string
  /** Brokers of the msk trigger for local runs. */
  readonly brokers: string
  /** Folders of files that people edit. */
  readonly folders: Folders
  /** ARN of the topic of alerts for the functions that publish them, or the expression from which CloudFormation makes it. */
  readonly alertsTopicArn: string | object
  readonly schedules: Schedules
  /** How Lambda polls Kafka for the consumers. */
  readonly pollers: Stage['pollers']
  /** How long the functions' logs are kept, in days. */
  readonly logRetentionDays: number
  /** Whether a queue receives failed runs of schedules. */
  readonly keepsMissedRuns: boolean
  /** Whether Lambda sends traces to X-Ray. */
  readonly tracing: boolean
  /** Whether the function with the console is deployed. */
  readonly console: boolean
  /** Issuer of the tokens that requests of the console need besides its own; missing if these suffice. */
  readonly consoleTokens?: ConsoleTokens
  /** Bucket of checkpoints; missing without checkpoints. */
  readonly checkpointBucket?: string
  /** Secret with the login of the schema registry; missing without one. */
  readonly registrySecret?: string
  /** Secret with headers for spans; missing without one. */
  readonly spansSecret?: string
  /** Queue of records that Lambda has given up, and the bucket of their contents; missing without one. */
  readonly onFailureQueue?: string
  readonly onFailureBucket?: string
  /** How the functions sign in to Kafka; absent where they do not. */
  readonly kafkaSecrets?: KafkaSecrets
  /** Settings of the alarms; missing without alarms and dashboard. */
  readonly alarms?: Alarming
  readonly vpc?: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }
  /** Variables of every function. */
  readonly environment: Readonly<Record<string, string>>
  /** Why nothing can be deployed with this, a sentence each. The rest is then made up where it was missing. */
  readonly problems: readonly string[]
}

/** Stands in for a wrong or a missing ARN, so that everything else can be checked, too. */
const NO_CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/none/00000000-0000-0000-0000-000000000000-1'
const NO_REDIS = 'rediss://none:6379'

/** All that a deployment asks for: what the functions know by the same names, and their network. */
const SETTINGS = {
  ...GENERAL.settings,
  ...KAFKA.settings,
  ...CLOCK.settings,
  ...REDIS.settings,
  ...REGISTRY.settings,
  ...RULES.settings,
  ...NOTIFICATIONS.settings,
  ...FAILURES.settings,
  ...MAPPINGS.settings,
  ...RECEIVERS.settings,
  ...CHECKPOINTS.settings,
  ...ON_FAILURE.settings,
  ...VPC.settings,
  ...CONSOLE_DEPLOYMENT.settings,
  ...TRACING_DEPLOYMENT.settings,
  ...TRACING.settings,
}

/** Without these nothing can be deployed. */
export const REQUIRED = ['MSK_CLUSTER_ARN', 'REDIS_URL', 'SUBNET_IDS', 'SECURITY_GROUP_IDS']

/** Ends the sentence that names those that are missing, and no other. */
const WHAT_TO_SET = ': docs/deployment.md says what to set.'

/**
 * @param region the one that is deployed to
 * @param project the folder of the project
 */
export function account(stage: string, region: string, env: Environment, project: string): DeploymentPlace {
  const errors: string[] = []
  const inTable = stageNamed(stage)
  // Stands in for one that is not there, so that everything else can be checked, too.
  const { pollers, logRetentionDays } = inTable ?? STAGES.prod
  const read = <Name extends keyof typeof SETTINGS>(name: Name, from: Environment = env) =>
    readSetting(SETTINGS, name, from, errors)
  const given = {
    env: inTable ? read('SLUICE_ENV', { SLUICE_ENV: stage }) : undefined,
    clusterArn: read('MSK_CLUSTER_ARN'),
    subnetIds: read('SUBNET_IDS'),
    securityGroupIds: read('SECURITY_GROUP_IDS'),
    onFailureQueue: read('ON_FAILURE_QUEUE_ARN'),
    onFailureBucket: read('ON_FAILURE_BUCKET'),
    checkpointBucket: read('CHECKPOINT_BUCKET'),
    registrySecret: read('SCHEMA_REGISTRY_SECRET'),
    spansSecret: read('OTEL_HEADERS_SECRET'),
    console: read('SLUICE_CONSOLE'),
    tracing: read('SLUICE_TRACING'),
    issuer: read('CONSOLE_JWT_ISSUER'),
    audience: read('CONSOLE_JWT_AUDIENCE'),
  }
  const [kafkaSecret, caSecret] = [read('KAFKA_SECRET'), read('KAFKA_CA_SECRET')]
  const kafkaSecrets: KafkaSecrets = {
    auth: read('KAFKA_AUTH') ?? 'iam',
    ...(kafkaSecret ? { secret: kafkaSecret } : {}),
    ...(caSecret ? { caSecret } : {}),
  }
  const { folders, problems: notPacked } = packedFolders(read, project)
  const { schedules, problems: wrongSchedules } = schedulesFrom(env, false)
  const clusterArn = given.clusterArn ?? NO_CLUSTER
  const alarms = alarmingOf(stage, region, clusterArn, env, errors)
  const problems = [
    ...(inTable ? [] : [noSuchStage(stage)]),
    ...missingVariables(stage, env),
    ...errors.map(
      error => `${error.replace(/^SLUICE_ENV:/, `The stage "${stage}", after which topics are named,`)}.`,
    ),
    ...otherRegions(
      {
        MSK_CLUSTER_ARN: given.clusterArn,
        ON_FAILURE_QUEUE_ARN: given.onFailureQueue,
        KAFKA_SECRET: kafkaSecret,
        KAFKA_CA_SECRET: caSecret,
        SCHEMA_REGISTRY_SECRET: given.registrySecret,
        OTEL_HEADERS_SECRET: given.spansSecret,
      },
      region,
    ),
    ...openSecrets(stage, env),
    ...kafkaSecretProblems(kafkaSecrets),
    ...notPacked,
    ...((given.issuer === undefined) === (given.audience === undefined)
      ? []
      : ['CONSOLE_JWT_ISSUER and CONSOLE_JWT_AUDIENCE: set both, or neither.']),
    ...wrongSchedules,
  ]
  return {
    env: given.env ?? 'none',
    clusterArn,
    brokers: '',
    folders,
    alertsTopicArn: arnHere('sns', alertsTopicName(given.env ?? 'none')),
    schedules: { ...schedules, checkpoints: schedules.checkpoints && given.checkpointBucket !== undefined },
    pollers,
    logRetentionDays,
    keepsMissedRuns: true,
    tracing: given.tracing ?? false,
    console: given.console ?? false,
    ...(given.issuer && given.audience
      ? { consoleTokens: { issuer: given.issuer, audience: given.audience } }
      : {}),
    ...(given.checkpointBucket ? { checkpointBucket: given.checkpointBucket } : {}),
    ...(given.registrySecret ? { registrySecret: given.registrySecret } : {}),
    ...(given.spansSecret ? { spansSecret: given.spansSecret } : {}),
    ...(given.onFailureQueue ? { onFailureQueue: given.onFailureQueue } : {}),
    ...(given.onFailureBucket ? { onFailureBucket: given.onFailureBucket } : {}),
    kafkaSecrets,
    alarms,
    vpc: { subnetIds: given.subnetIds ?? [], securityGroupIds: given.securityGroupIds ?? [] },
    environment: {
      ...PROCESS_VARIABLES,
      MSK_CLUSTER_ARN: clusterArn,
      REDIS_URL: env.REDIS_URL?.trim() || NO_REDIS,
    },
    problems,
  }
}

function noSuchStage(stage: string): string {
  const names = new Intl.ListFormat('en', { type: 'disjunction' }).format(Object.keys(STAGES))
  return `The stage "${stage}" is not in the table of infra/stages.ts: use ${names}, or add it there.`
}

function missingVariables(stage: string, env: Environment): string[] {
  // A blank one counts as not set, as everywhere.
  const missing = REQUIRED.filter(name => !env[name]?.trim())
  if (missing.length === 0) return []
  const names = new Intl.ListFormat('en', { style: 'long', type: 'conjunction' }).format(missing)
  return [`The stage "${stage}" needs ${names}${WHAT_TO_SET}`]
}

/** Whether a problem is the sentence that names the variables that are missing. */
export function tellsMissing(problem: string): boolean {
  return problem.endsWith(WHAT_TO_SET)
}

/** A sentence for each variable that holds a secret and would be handed on to the functions. Never with the secret. */
function openSecrets(stage: string, env: Environment): string[] {
  const { username, password } = parseRedisUrl(env.REDIS_URL ?? '') ?? {}
  return [
    ...(username || password
      ? [
          `REDIS_URL: must hold neither a user nor a password in a deployment: put them into the secret sluice/${stage}/redis, as ` +
            '{"username": "…", "password": "…"}.',
        ]
      : []),
    ...(env.OTEL_EXPORTER_OTLP_HEADERS?.trim()
      ? [
          'OTEL_EXPORTER_OTLP_HEADERS: must not be set for a deployment, because such headers are credentials: put them into a secret, as ' +
            '{"authorization": "…"}, and name it in OTEL_HEADERS_SECRET.',
        ]
      : []),
  ]
}
