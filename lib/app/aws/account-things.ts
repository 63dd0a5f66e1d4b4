/**
 * Checks that the AWS resources of an environment exist in the account. The checks are read-only and never return the values of
 * secrets.
 */
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { type AwsPlace, parameterOf, secretOf } from '../../../packages/runtime/adapters/aws/clients.ts'
import { brokersOf } from '../../../packages/runtime/adapters/aws/msk-brokers.ts'
import type { Config } from '../config.ts'
import { alertsTopicName, consoleSecret, localBuckets, redisSecret } from '../resource-names.ts'
import { findAlertsTopic } from './alerts-topic.ts'

/** AWS resource that the functions of an environment need. */
export interface AccountResource {
  /** Kind of the resource: `secret`, `parameter`, `alerts-topic`, `bucket` or `cluster`. */
  readonly check: string
  readonly name: string
  /** Instruction for an operator on how to create the resource. */
  readonly todo: string
}

/**
 * Result of a check. `wrong`: the resource exists, but is not usable. `unseen`: the caller lacks the permission to read the
 * resource, or AWS does not respond.
 */
export type ResourceState =
  | { readonly is: 'there'; readonly says: string }
  | { readonly is: 'missing' }
  | { readonly is: 'wrong'; readonly says: string }
  | { readonly is: 'unseen'; readonly why: string }

/** Configuration that determines which resources an environment needs. */
interface AccountUses {
  readonly config: Pick<Config, 'env' | 'kafka' | 'historyBucket'>
  readonly access: AwsPlace
  readonly generator: boolean
  readonly console: boolean
  readonly registrySecret?: string
}

interface Look extends AccountResource {
  readonly look: () => Promise<ResourceState>
}

/** Checks each resource that the environment needs, and returns the resources with their results. Never throws. */
export async function accountThings(
  uses: AccountUses,
): Promise<{ readonly thing: AccountResource; readonly seen: ResourceState }[]> {
  const { config, access } = uses
  // A rehearsed deployment also uses an emulator, but with the cluster of an account.
  const endpoint = config.kafka.clusterArn ? undefined : access.endpoint
  const remedy = endpoint ? { todo: 'Restart `npm start`: it creates what is missing.' } : {}
  return Promise.all(
    looksFor(uses, endpoint !== undefined).map(async ({ look, ...thing }) => ({
      thing: { ...thing, ...remedy },
      seen: await look().catch(error => stateAfter(error, endpoint)),
    })),
  )
}

function looksFor(uses: AccountUses, isLocal: boolean): Look[] {
  const { config, access, generator, console, registrySecret } = uses
  const { env, kafka, historyBucket } = config
  const local = isLocal ? localBuckets(env) : undefined
  const buckets = {
    HISTORY_BUCKET: historyBucket ?? local?.history,
  }
  return [
    ...(kafka.clusterArn ? [clusterLook(kafka.clusterArn, kafka)] : []),
    secretLook(access, redisSecret(env), ['username', 'password'], {
      todo: 'Give it {"username": "…", "password": "…"}: docs/deployment.md.',
    }),
    ...(generator || isLocal ? [parameterLook(access, `/sluice/${env}/generator`)] : []),
    ...(console
      ? [
          secretLook(access, consoleSecret(env), [], {
            todo: 'Create this secret with the access tokens of the console. See docs/console.md.',
          }),
          secretLook(access, redisSecret(env, 'console'), ['username', 'password'], {
            todo: 'Create it with {"username": "…", "password": "…"} of a user who cannot change states: docs/deployment.md#redis.',
          }),
        ]
      : []),
    ...(registrySecret
      ? [secretLook(access, registrySecret, [], { todo: 'SCHEMA_REGISTRY_SECRET must name a secret.' })]
      : []),
    alertsTopicLook(uses),
    ...Object.entries(buckets).flatMap(([variable, bucket]) =>
      bucket === undefined ? [] : [bucketLook(access, bucket, variable)],
    ),
  ]
}

function clusterLook(arn: string, { auth, connectivity }: Config['kafka']): Look {
  return {
    check: 'cluster',
    name: arn,
    todo: 'MSK_CLUSTER_ARN must name a cluster with a listener for KAFKA_AUTH.',
    look: async () => there(`listens at ${(await brokersOf(arn, auth, connectivity)).join(', ')}`),
  }
}

function secretLook(
  access: AwsPlace,
  name: string,
  keys: readonly string[],
  { todo }: Pick<AccountResource, 'todo'>,
): Look {
  return { check: 'secret', name, todo, look: () => secretSeen(access, name, keys) }
}

function parameterLook(access: AwsPlace, name: string): Look {
  return {
    check: 'parameter',
    name,
    todo: 'Set it to a JSON object, or to {} for the defaults: docs/deployment.md.',
    look: async () => {
      await parameterOf(name, access)
      return there('exists and has a JSON object')
    },
  }
}

function alertsTopicLook({ config: { env }, access }: AccountUses): Look {
  return {
    check: 'alerts-topic',
    name: alertsTopicName(env),
    todo: 'Deploy its stack: docs/deployment.md#notifications.',
    look: async () => {
      const arn = await findAlertsTopic(access, env)
      return arn === undefined ? { is: 'missing' } : there(arn)
    },
  }
}

function bucketLook(access: AwsPlace, bucket: string, variable: string): Look {
  return {
    check: 'bucket',
    name: bucket,
    todo: `${variable} must name a bucket of the account.`,
    look: async () => {
      const s3 = new S3Client({ ...access, forcePathStyle: access.endpoint !== undefined })
      await s3.send(new HeadBucketCommand({ Bucket: bucket }))
      return there('is there')
    },
  }
}

function there(says: string): ResourceState {
  return { is: 'there', says }
}

async function secretSeen(access: AwsPlace, name: string, keys: readonly string[]): Promise<ResourceState> {
  const content = await secretOf(name, access)
  const missing = keys.filter(key => typeof content[key] !== 'string')
  if (missing.length > 0)
    return { is: 'wrong', says: `lacks the key ${missing.map(key => `"${key}"`).join(' and ')}` }
  return there('exists and has a JSON object')
}

/** Names of AWS errors for a missing resource. */
const MISSING = /^(ResourceNotFoundException|ParameterNotFound|NotFound|NoSuchBucket|NotFoundException)$/
/** Error messages of this project for a resource that exists but has an unusable value. */
const UNUSABLE = /: not a JSON object$|has no listener for/

/** @param endpoint address of a local AWS emulator, which must answer; undefined for an account */
function stateAfter(
  error: Error & { readonly $metadata?: { readonly httpStatusCode?: number } },
  endpoint: string | undefined,
): ResourceState {
  const root: typeof error = error.cause instanceof Error ? error.cause : error
  if (MISSING.test(root.name)) return { is: 'missing' }
  if (UNUSABLE.test(error.message)) return { is: 'wrong', says: error.message }
  if (endpoint !== undefined && root.$metadata?.httpStatusCode === undefined)
    return { is: 'wrong', says: `AWS does not answer at ${endpoint}` }
  const why = error.message || root.name
  return { is: 'unseen', why: why.replace(/\.$/, '') }
}
