/**
 * Checks that the AWS resources of an environment exist in the account. The checks are read-only and never return the values of
 * secrets.
 */
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { parameterOf, secretOf } from '../../../packages/runtime/adapters/aws/clients.ts'
import { brokersOf } from '../../../packages/runtime/adapters/aws/msk-brokers.ts'
import type { Config } from '../config.ts'
import { alertsTopicName, consoleSecret, redisSecret } from '../resource-names.ts'
import { findAlertsTopic } from './alerts-topic.ts'

/** AWS resource that the functions of an environment need. */
export interface AccountResource {
  /** Kind of the resource: `secret`, `parameter`, `alerts-topic`, `bucket` or `cluster`. */
  readonly check: string
  readonly name: string
  /** Instruction for an operator on how to create the resource. */
  readonly todo: string
  /** True if a deployment creates the resource when it is missing. */
  readonly isMadeByDeployment: boolean
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
  readonly config: Pick<Config, 'env' | 'kafka' | 'checkpoints'>
  readonly region: string
  readonly generator: boolean
  readonly console: boolean
  readonly registrySecret?: string
  /** Endpoint of a local AWS emulator; AWS if absent. */
  readonly endpoint?: string
}

interface Look extends AccountResource {
  readonly look: () => Promise<ResourceState>
}

/** Checks each resource that the environment needs, and returns the resources with their results. Never throws. */
export async function accountThings(
  uses: AccountUses,
): Promise<{ readonly thing: AccountResource; readonly seen: ResourceState }[]> {
  const looks = looksFor(uses)
  return Promise.all(
    looks.map(async ({ look, ...thing }) => ({ thing, seen: await look().catch(unseenFor) })),
  )
}

function looksFor(uses: AccountUses): Look[] {
  const { config, generator, console, registrySecret } = uses
  const { env, kafka, checkpoints } = config
  return [
    ...(kafka.clusterArn ? [clusterLook(kafka.clusterArn, kafka)] : []),
    secretLook(redisSecret(env), ['username', 'password'], {
      todo: 'Give it {"username": "…", "password": "…"}: docs/deployment.md.',
      isMadeByDeployment: true,
    }),
    ...(generator ? [parameterLook(`/sluice/${env}/generator`)] : []),
    ...(console
      ? [
          secretLook(consoleSecret(env), [], {
            todo: 'Create this secret with the access tokens of the console. See docs/console.md.',
          }),
          secretLook(redisSecret(env, 'console'), ['username', 'password'], {
            todo: 'Create it with {"username": "…", "password": "…"} of a user who cannot change states: docs/deployment.md#redis.',
          }),
        ]
      : []),
    ...(registrySecret
      ? [secretLook(registrySecret, [], { todo: 'SCHEMA_REGISTRY_SECRET must name a secret.' })]
      : []),
    alertsTopicLook(uses),
    ...(checkpoints ? [bucketLook(checkpoints, uses.region)] : []),
  ]
}

function clusterLook(arn: string, { auth, connectivity }: Config['kafka']): Look {
  return {
    check: 'cluster',
    name: arn,
    todo: 'MSK_CLUSTER_ARN must name a cluster with a listener for KAFKA_AUTH.',
    isMadeByDeployment: false,
    look: async () => there(`listens at ${(await brokersOf(arn, auth, connectivity)).join(', ')}`),
  }
}

function secretLook(
  name: string,
  keys: readonly string[],
  { todo, isMadeByDeployment = false }: { readonly todo: string; readonly isMadeByDeployment?: boolean },
): Look {
  return { check: 'secret', name, todo, isMadeByDeployment, look: () => secretSeen(name, keys) }
}

function parameterLook(name: string): Look {
  return {
    check: 'parameter',
    name,
    todo: 'Set it to a JSON object, or to {} for the defaults: docs/deployment.md.',
    isMadeByDeployment: true,
    look: async () => {
      await parameterOf(name)
      return there('exists and has a JSON object')
    },
  }
}

function alertsTopicLook({ config: { env }, region, endpoint }: AccountUses): Look {
  return {
    check: 'alerts-topic',
    name: alertsTopicName(env),
    todo: 'Deploy its stack: docs/deployment.md#notifications.',
    isMadeByDeployment: false,
    look: async () => {
      const arn = await findAlertsTopic({ region, ...(endpoint ? { endpoint } : {}) }, env)
      return arn === undefined ? { is: 'missing' } : there(arn)
    },
  }
}

function bucketLook({ bucket, pathStyle }: NonNullable<Config['checkpoints']>, region: string): Look {
  return {
    check: 'bucket',
    name: bucket,
    todo: 'CHECKPOINT_BUCKET must name a bucket of the account.',
    isMadeByDeployment: false,
    look: async () => {
      const s3 = new S3Client({ region, forcePathStyle: pathStyle })
      await s3.send(new HeadBucketCommand({ Bucket: bucket }))
      return there('is there')
    },
  }
}

function there(says: string): ResourceState {
  return { is: 'there', says }
}

async function secretSeen(name: string, keys: readonly string[]): Promise<ResourceState> {
  const content = await secretOf(name)
  const missing = keys.filter(key => typeof content[key] !== 'string')
  if (missing.length > 0)
    return { is: 'wrong', says: `lacks the key ${missing.map(key => `"${key}"`).join(' and ')}` }
  return there('exists and has a JSON object')
}

/** Names of AWS errors for a missing resource. */
const MISSING = /^(ResourceNotFoundException|ParameterNotFound|NotFound|NoSuchBucket|NotFoundException)$/
/** Error messages of this project for a resource that exists but has an unusable value. */
const UNUSABLE = /: not a JSON object$|has no listener for/

function unseenFor(
  error: Error & { readonly $metadata?: { readonly httpStatusCode?: number } },
): ResourceState {
  const root = error.cause instanceof Error ? error.cause : error
  if (MISSING.test(root.name)) return { is: 'missing' }
  if (UNUSABLE.test(error.message)) return { is: 'wrong', says: error.message }
  const why = error.message || root.name
  return { is: 'unseen', why: why.replace(/\.$/, '') }
}
