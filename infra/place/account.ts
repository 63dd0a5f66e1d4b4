/** Reads the settings of a deployment and reports all errors in them. Only the list of inputs is read from a file. */

import { parseRedisUrl } from '#runtime/operating/servers'
import { listSettings } from '#runtime/settings'
import { SLICES } from '../../control/environment/config.ts'
import { alertsTopicName } from '../../lib/app/naming/resource-names.ts'
import { type Environment, REMOVED, readSetting } from '../../lib/app/settings/index.ts'
import { readAlarmSettings } from './alarm-settings.ts'
import { arnHere, isSecretArn } from './arns.ts'
import { packFolders } from './config-folders.ts'
import { DEPLOYMENT } from './deployment-settings.ts'
import { readInputTopics } from './input-topics.ts'
import { type Place, readPlace } from './place.ts'
import { readSchedules } from './schedules.ts'
import { findStage, STAGES } from './stages.ts'

/** Placeholders for missing or invalid ARNs, so that the other settings can still be checked. */
const NO_CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/none/00000000-0000-0000-0000-000000000000-1'
const NO_REDIS = 'rediss://none:6379'

/** All settings of a deployment, for the functions and for their network. */
const SETTINGS = listSettings([...SLICES, ...DEPLOYMENT])

/** Settings that every deployment needs. */
export const REQUIRED = ['MSK_CLUSTER_ARN', 'REDIS_URL', 'SUBNET_IDS', 'SECURITY_GROUP_IDS']

/** Ending of the message about missing settings. It must be unique, because `reportsMissing` recognizes the message by it. */
const WHAT_TO_SET = '. See docs/deployment.md.'

/**
 * Environment variables of the Lambda process, in addition to the functions' settings. They configure malloc of glibc, which
 * allocates the memory of all buffers. Source: mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD.
 */
const PROCESS_VARIABLES = {
  /**
   * Number of malloc arenas. By default, glibc gives each thread an arena and keeps freed memory there. Batches are decompressed in
   * libuv threads. In a function that reads large records, each of these threads would keep freed memory, and memory use would grow
   * for hours.
   */
  MALLOC_ARENA_MAX: '1',
  /**
   * Minimum size in bytes of blocks that glibc returns to the system when they are freed. This is glibc's initial value. If it is
   * not set explicitly, glibc raises it up to 32 MiB after large blocks are freed, and then keeps freed blocks in its fragmented
   * heap.
   */
  MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
} as const

/**
 * Reads the settings of a deployment.
 *
 * @param region region to deploy to
 * @param project project folder
 */
export function readAccount(stage: string, region: string, env: Environment, project: string): Place {
  const errors: string[] = []
  const read: Read = (name, from = env) => readSetting(SETTINGS, name, from, errors)
  const inTable = findStage(stage)
  // For an unknown stage, use the values of `prod`, so that the other settings can still be checked.
  const { pollers, logRetentionDays } = inTable ?? STAGES.prod
  const name = (inTable && read('SLUICE_ENV', { SLUICE_ENV: stage })) ?? 'none'
  const resources = readResources(read)
  for (const removed of Object.keys(REMOVED.settings) as (keyof typeof REMOVED.settings)[]) read(removed)
  const kafkaSecrets = {
    auth: read('KAFKA_AUTH') ?? 'iam',
    secret: read('KAFKA_SECRET'),
    caSecret: read('KAFKA_CA_SECRET'),
  }
  const { folders, problems: notPacked } = packFolders(read, project)
  const { problems: wrongInputs, ...inputs } = readInputTopics(name, read('INPUTS_FILE'), env)
  const { schedules, problems: wrongSchedules } = readSchedules(env, false)
  const alarms = readAlarmSettings(stage, region, env, errors)
  return readPlace({
    ...resources,
    env: name,
    folders,
    ...inputs,
    alertsTopicArn: arnHere('sns', alertsTopicName(name)),
    schedules,
    pollers,
    logRetentionDays,
    hasStorage: read('STORAGE_URL') !== undefined,
    kafkaSecrets,
    alarms,
    environment: {
      ...PROCESS_VARIABLES,
      MSK_CLUSTER_ARN: resources.clusterArn,
      REDIS_URL: env.REDIS_URL?.trim() || NO_REDIS,
    },
    problems: [
      ...(inTable ? [] : [describeUnknownStage(stage)]),
      ...findMissingVariables(stage, env),
      ...errors.map(
        error => `${error.replace(/^SLUICE_ENV:/, `The stage "${stage}", which is part of topic names,`)}.`,
      ),
      ...findOpenSecrets(stage, env),
      ...findStorageProblems(env),
      ...findKafkaSecretProblems(kafkaSecrets),
      ...notPacked,
      ...wrongInputs,
      ...wrongSchedules,
    ],
  })
}

/** Reads a setting, and collects its errors. */
type Read = <Name extends keyof typeof SETTINGS>(
  name: Name,
  from?: Environment,
) => ReturnType<typeof readSetting<typeof SETTINGS, Name>>

/** Returns the settings that are part of a place unchanged. */
function readResources(read: Read) {
  return {
    clusterArn: read('MSK_CLUSTER_ARN') ?? NO_CLUSTER,
    vpc: { subnetIds: read('SUBNET_IDS') ?? [], securityGroupIds: read('SECURITY_GROUP_IDS') ?? [] },
    historyBucket: read('HISTORY_BUCKET'),
    historyKey: read('HISTORY_KEY_ARN'),
    registrySecret: read('SCHEMA_REGISTRY_SECRET'),
    storageSecret: read('STORAGE_SECRET'),
    tracing: read('SLUICE_TRACING'),
  }
}

function describeUnknownStage(stage: string): string {
  const names = new Intl.ListFormat('en', { type: 'disjunction' }).format(Object.keys(STAGES))
  return `The stage "${stage}" is not defined. Use ${names}, or add it to infra/place/stages.ts.`
}

function findMissingVariables(stage: string, env: Environment): string[] {
  // As in all settings, a blank variable counts as not set.
  const missing = REQUIRED.filter(name => !env[name]?.trim())
  if (missing.length === 0) return []
  const names = new Intl.ListFormat('en', { style: 'long', type: 'conjunction' }).format(missing)
  return [`The stage "${stage}" needs ${names}${WHAT_TO_SET}`]
}

/** Returns whether a message reports missing settings. */
export function reportsMissing(problem: string): boolean {
  return problem.endsWith(WHAT_TO_SET)
}

/**
 * Returns an error for each environment variable that would pass a secret to functions in plain text. The errors do not contain the
 * secrets.
 */
function findOpenSecrets(stage: string, env: Environment): string[] {
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
          'OTEL_EXPORTER_OTLP_HEADERS: must not be set for a deployment, because such headers are credentials. Send the spans to X-Ray ' +
            'or to a collector that has the credentials: docs/observability.md#spans.',
        ]
      : []),
  ]
}

/** Returns an error for a database that a deployment cannot use. The error does not contain its password. */
function findStorageProblems({ STORAGE_URL = '' }: Environment): string[] {
  if (STORAGE_URL.trim().startsWith('sqlite:'))
    return ['STORAGE_URL: must be postgres://user@host/database. SQLite is for `npm start` alone.']
  const hasPassword = URL.canParse(STORAGE_URL) && new URL(STORAGE_URL).password !== ''
  return hasPassword
    ? [
        'STORAGE_URL: must not contain a password in a deployment. Put it into a secret, as {"password": "…"}, and set ' +
          'STORAGE_SECRET to its name.',
      ]
    : []
}

/** Returns errors that would prevent an event source mapping from authenticating, one sentence each. */
function findKafkaSecretProblems({ auth, secret }: NonNullable<Place['kafkaSecrets']>): string[] {
  if (auth === 'scram-sha-512' && secret !== undefined && !isSecretArn(secret))
    return [
      'KAFKA_SECRET: must be the ARN of the secret in a deployment, because event source mappings do not accept names.',
    ]
  if (auth === 'tls' && secret !== undefined)
    return [
      'KAFKA_AUTH: must be iam or scram-sha-512 in a deployment with KAFKA_SECRET, because the Serverless Framework does not ' +
        'support client certificates for event source mappings.',
    ]
  return []
}
