/** Reads the settings of a deployment and reports all errors in them. Pure. */

import { parseRedisUrl } from '#runtime/adapters/redis/address.ts'
import { alertsTopicName } from '../../lib/app/resource-names.ts'
import {
  CLOCK,
  type Environment,
  FAILURES,
  GENERAL,
  HISTORY,
  KAFKA,
  MAPPINGS,
  NOTIFICATIONS,
  ON_FAILURE,
  RECEIVERS,
  REDIS,
  REGISTRY,
  RULES,
  readSetting,
  type TopicMappings,
  TRACING,
  VIEWS,
  WAREHOUSE,
} from '../../lib/app/settings/index.ts'
import type { Alarming } from '../alarms/alarm.ts'
import type { ConsoleTokens } from '../roles/console-api.ts'
import { type KafkaSecrets, kafkaSecretProblems } from '../statements/kafka-secrets.ts'
import { readAlarmSettings } from './alarm-settings.ts'
import { arnHere } from './arns.ts'
import { type Folders, packedFolders } from './config-folders.ts'
import { CONSOLE_DEPLOYMENT, HISTORY_DEPLOYMENT, TRACING_DEPLOYMENT, VPC } from './deployment-settings.ts'
import { PROCESS_VARIABLES } from './process-variables.ts'
import { type Schedules, schedulesFrom } from './schedules.ts'
import { STAGES, type Stage, stageNamed } from './stages.ts'

/** Settings of a deployment that serverless.yml and the plugins use. */
export interface DeploymentPlace {
  /** Name of the environment. Topic names end with it. */
  readonly env: string
  readonly clusterArn: string
  /** Brokers for the msk trigger in local runs. */
  readonly brokers: string
  /** Folders that contain the configuration files. */
  readonly folders: Folders
  /** Mappings by topic. They apply to all consumers of the topic. */
  readonly topicMappings: readonly TopicMappings[]
  /** ARN of the SNS topic for alerts, or a CloudFormation expression for it. */
  readonly alertsTopicArn: string | object
  readonly schedules: Schedules
  /** Mode in which Lambda polls Kafka for the consumers. */
  readonly pollers: Stage['pollers']
  /** Retention of the functions' logs, in days. */
  readonly logRetentionDays: number
  /** True if Lambda sends traces to X-Ray. */
  readonly tracing: boolean
  /** True if the console is deployed as a function. */
  readonly console: boolean
  /**
   * Issuer of a second token that requests must contain, in addition to the console's own; absent if no second token is required.
   */
  readonly consoleTokens?: ConsoleTokens
  /** Bucket for history, and its KMS key; absent if history is disabled, or if S3 encrypts with its own key. */
  readonly historyBucket?: string
  readonly historyKey?: string
  /** Secret with the credentials of the schema registry; absent if the registry needs no credentials. */
  readonly registrySecret?: string
  /** Secret with the address of the warehouse's database. */
  readonly warehouseSecret?: string
  /** True if there is a database for `etl`. */
  readonly hasWarehouse?: boolean
  /** Secret with the HTTP headers for exporting spans; absent if no headers are needed. */
  readonly spansSecret?: string
  /** Queue for records that Lambda discards, and the bucket for their contents. Absent if no queue is configured. */
  readonly onFailureQueue?: string
  readonly onFailureBucket?: string
  /** Secrets with which functions authenticate to Kafka; absent if Kafka does not require authentication. */
  readonly kafkaSecrets?: KafkaSecrets
  /** Settings of the alarms; absent on this machine. */
  readonly alarms?: Alarming
  readonly vpc?: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }
  /** Environment variables of each function. */
  readonly environment: Readonly<Record<string, string>>
  /**
   * Errors in the settings, one sentence each; empty if the settings can be deployed. Placeholders replace the values that are
   * missing or invalid.
   */
  readonly problems: readonly string[]
}

/** Placeholders for missing or invalid ARNs, so that the other settings can still be checked. */
const NO_CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/none/00000000-0000-0000-0000-000000000000-1'
const NO_REDIS = 'rediss://none:6379'

/** All settings of a deployment, for the functions and for their network. */
const SETTINGS = {
  ...GENERAL.settings,
  ...KAFKA.settings,
  ...CLOCK.settings,
  ...REDIS.settings,
  ...REGISTRY.settings,
  ...RULES.settings,
  ...VIEWS.settings,
  ...NOTIFICATIONS.settings,
  ...FAILURES.settings,
  ...MAPPINGS.settings,
  ...RECEIVERS.settings,
  ...HISTORY.settings,
  ...WAREHOUSE.settings,
  ...HISTORY_DEPLOYMENT.settings,
  ...ON_FAILURE.settings,
  ...VPC.settings,
  ...CONSOLE_DEPLOYMENT.settings,
  ...TRACING_DEPLOYMENT.settings,
  ...TRACING.settings,
}

/** Settings that every deployment needs. */
export const REQUIRED = ['MSK_CLUSTER_ARN', 'REDIS_URL', 'SUBNET_IDS', 'SECURITY_GROUP_IDS']

/** Ending of the message about missing settings. It must be unique, because `tellsMissing` recognizes the message by it. */
const WHAT_TO_SET = '. See docs/deployment.md.'

/**
 * Reads the settings of a deployment.
 *
 * @param region region to deploy to
 * @param project project folder
 */
export function account(stage: string, region: string, env: Environment, project: string): DeploymentPlace {
  const errors: string[] = []
  const inTable = stageNamed(stage)
  // For an unknown stage, use the values of `prod`, so that the other settings can still be checked.
  const { pollers, logRetentionDays } = inTable ?? STAGES.prod
  const read = <Name extends keyof typeof SETTINGS>(name: Name, from: Environment = env) =>
    readSetting(SETTINGS, name, from, errors)
  const values = {
    env: inTable ? read('SLUICE_ENV', { SLUICE_ENV: stage }) : undefined,
    clusterArn: read('MSK_CLUSTER_ARN'),
    subnetIds: read('SUBNET_IDS'),
    securityGroupIds: read('SECURITY_GROUP_IDS'),
    onFailureQueue: read('ON_FAILURE_QUEUE_ARN'),
    onFailureBucket: read('ON_FAILURE_BUCKET'),
    historyBucket: read('HISTORY_BUCKET'),
    historyKey: read('HISTORY_KEY_ARN'),
    registrySecret: read('SCHEMA_REGISTRY_SECRET'),
    warehouseSecret: read('WAREHOUSE_SECRET'),
    spansSecret: read('OTEL_HEADERS_SECRET'),
    console: read('SLUICE_CONSOLE'),
    topicMappings: read('TOPIC_MAPPINGS'),
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
  const clusterArn = values.clusterArn ?? NO_CLUSTER
  const alarms = readAlarmSettings(stage, region, env, errors)
  const problems = [
    ...(inTable ? [] : [noSuchStage(stage)]),
    ...missingVariables(stage, env),
    ...errors.map(
      error => `${error.replace(/^SLUICE_ENV:/, `The stage "${stage}", which is part of topic names,`)}.`,
    ),
    ...openSecrets(stage, env),
    ...kafkaSecretProblems(kafkaSecrets),
    ...notPacked,
    ...((values.issuer === undefined) === (values.audience === undefined)
      ? []
      : ['CONSOLE_JWT_ISSUER and CONSOLE_JWT_AUDIENCE: must both be set, or neither.']),
    ...wrongSchedules,
  ]
  return {
    env: values.env ?? 'none',
    clusterArn,
    brokers: '',
    folders,
    topicMappings: values.topicMappings ?? [],
    alertsTopicArn: arnHere('sns', alertsTopicName(values.env ?? 'none')),
    schedules,
    pollers,
    logRetentionDays,
    tracing: values.tracing ?? false,
    console: values.console ?? false,
    ...(values.issuer && values.audience
      ? { consoleTokens: { issuer: values.issuer, audience: values.audience } }
      : {}),
    ...(values.historyBucket ? { historyBucket: values.historyBucket } : {}),
    ...(values.historyKey ? { historyKey: values.historyKey } : {}),
    ...(values.registrySecret ? { registrySecret: values.registrySecret } : {}),
    ...(values.warehouseSecret ? { warehouseSecret: values.warehouseSecret, hasWarehouse: true } : {}),
    ...(values.spansSecret ? { spansSecret: values.spansSecret } : {}),
    ...(values.onFailureQueue ? { onFailureQueue: values.onFailureQueue } : {}),
    ...(values.onFailureBucket ? { onFailureBucket: values.onFailureBucket } : {}),
    kafkaSecrets,
    alarms,
    vpc: { subnetIds: values.subnetIds ?? [], securityGroupIds: values.securityGroupIds ?? [] },
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
  return `The stage "${stage}" is not defined. Use ${names}, or add it to infra/place/stages.ts.`
}

function missingVariables(stage: string, env: Environment): string[] {
  // As in all settings, a blank variable counts as not set.
  const missing = REQUIRED.filter(name => !env[name]?.trim())
  if (missing.length === 0) return []
  const names = new Intl.ListFormat('en', { style: 'long', type: 'conjunction' }).format(missing)
  return [`The stage "${stage}" needs ${names}${WHAT_TO_SET}`]
}

/** Returns whether a message reports missing settings. */
export function tellsMissing(problem: string): boolean {
  return problem.endsWith(WHAT_TO_SET)
}

/**
 * Returns an error for each environment variable that would pass a secret to functions in plain text. The errors do not contain the
 * secrets.
 */
function openSecrets(stage: string, env: Environment): string[] {
  const { username, password } = parseRedisUrl(env.REDIS_URL ?? '') ?? {}
  return [
    ...(username || password
      ? [
          `REDIS_URL: must not contain a user or a password in a deployment. Put them into the secret sluice/${stage}/redis, as ` +
            '{"username": "…", "password": "…"}.',
        ]
      : []),
    ...(env.OTEL_EXPORTER_OTLP_HEADERS?.trim()
      ? [
          'OTEL_EXPORTER_OTLP_HEADERS: must not be set for a deployment, because such headers are credentials. Put them into a secret, as ' +
            '{"authorization": "…"}, and set OTEL_HEADERS_SECRET to its name.',
        ]
      : []),
  ]
}
