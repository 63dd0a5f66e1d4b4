/** Everything that functions may use beside topics, a row each: the words that `uses` takes, and what a function gets by them. Pure. */

import {
  consumersOf,
  type DeclaredFunction,
  isConsumer,
  mappingsByTopic,
  topicsRead,
} from '../lib/app/functions.ts'
import { alertsTopicName, consoleSecret, redisSecret } from '../lib/app/resource-names.ts'
import { topicMappingsVariable } from '../lib/app/settings/index.ts'
import { signals, topicName } from '../lib/app/topics.ts'
import type { DeploymentPlace } from './account.ts'
import { allow, arnHere, arnInBucket, arnInCluster, byService, type Statement } from './arn.ts'
import { consoleEvent } from './console-api.ts'
import type { FolderName } from './folders.ts'
import { readSecrets } from './statements/secrets.ts'
import { topicsStatements } from './statements/topics.ts'

interface Use {
  readonly text: string
  /** How the word starts the function, for people. */
  readonly startedBy?: string
  /** Files in its package, and the variable with their folder. */
  readonly folder?: FolderName
  readonly variables?: (place: UsesPlace, all: readonly DeclaredFunction[]) => Variables
  readonly events?: (place: UsesPlace) => readonly object[]
  readonly statements?: (declared: DeclaredFunction, place: RolesPlace) => readonly Statement[]
  /** Set where consumers have `statements` without the word. */
  readonly isOfConsumers?: true
}

/** Texts, and what CloudFormation makes texts of. */
export type Variables = Readonly<Record<string, string | object>>

export type UsesPlace = Pick<
  DeploymentPlace,
  'env' | 'folders' | 'topicMappings' | 'alertsTopicArn' | 'consoleTokens' | 'onFailureQueue'
>

/** The part of a deployment that roles depend on. */
export type RolesPlace = Pick<
  DeploymentPlace,
  | 'env'
  | 'clusterArn'
  | 'checkpointBucket'
  | 'registrySecret'
  | 'onFailureQueue'
  | 'onFailureBucket'
  | 'kafkaSecrets'
> & {
  /** Every function that is deployed. */
  readonly all: readonly DeclaredFunction[]
}

export const USES: Readonly<Record<string, Use>> = {
  parameter: {
    text: 'settings of its own: the parameter /sluice/{env}/{function}',
    statements: ({ name }, { env }) => [
      allow(['ssm:GetParameter'], [arnHere('ssm', `parameter/sluice/${env}/${name}`)]),
    ],
  },
  redis: {
    text: 'state in Redis: the secret with its user and password',
    statements: ({ uses }, { env }) => [
      readSecrets(redisSecret(env, uses.includes('console') ? 'console' : undefined)),
    ],
  },
  registry: {
    text: 'the schemas of a registry: the secret with its login. Consumers have it without this word',
    isOfConsumers: true,
    statements: (_, { registrySecret }) => (registrySecret ? [readSecrets(registrySecret)] : []),
  },
  checkpoints: {
    text: 'the checkpoints of every consumer: it writes and removes them',
    variables: (_, all) => ({ CHECKPOINT_CONSUMERS: checkpointConsumers(all) }),
    isOfConsumers: true,
    statements: checkpointStatements,
  },
  rules: { text: 'the alert rules: their files in the package, and RULES_DIR', folder: 'rules' },
  notifications: {
    text: 'notification routes and receivers: the files in the package, and NOTIFICATIONS_DIR',
    folder: 'notifications',
  },
  'alerts-topic': {
    text: 'the SNS topic sluice-alerts-{env}: it publishes there, and ALERTS_TOPIC_ARN',
    variables: ({ alertsTopicArn }) => ({ ALERTS_TOPIC_ARN: alertsTopicArn }),
    statements: (_, { env }) => alertsTopicStatements(alertsTopicName(env)),
  },
  'receiver-secrets': {
    text: 'the secrets of those receivers: all below sluice/{env}/receivers/',
    // Receivers are files that people edit, so their secrets are not known by name.
    statements: (_, { env }) => [readSecrets(`sluice/${env}/receivers/*`)],
  },
  'failure-policy': {
    text: 'which failures are tried again: the file in the package, FAILURES_DIR and FAILURE_CONSUMERS',
    folder: 'failures',
    variables: (_, all) => ({ FAILURE_CONSUMERS: consumersOf(all).join(',') }),
  },
  'on-failure': {
    text: 'what Lambda has given up: the queue of ON_FAILURE_QUEUE_ARN, and the bucket ON_FAILURE_BUCKET',
    startedBy: 'messages of the SQS queue `ON_FAILURE_QUEUE_ARN`',
    events: ({ onFailureQueue }) => (onFailureQueue === undefined ? [] : [queueEvent(onFailureQueue)]),
    // The event source mapping receives and deletes messages in the function's name.
    statements: (_, { onFailureQueue, onFailureBucket }) => [
      ...(onFailureQueue
        ? [allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [onFailureQueue])]
        : []),
      // The whole bucket, which has no other use: Lambda chooses the names of the objects.
      ...(onFailureBucket ? [allow(['s3:GetObject'], [arnInBucket(onFailureBucket, '/*')])] : []),
    ],
  },
  console: {
    text: 'a page for people over an HTTP API: it reads every topic, group and secret of the console, and is deployed only where SLUICE_CONSOLE=on',
    startedBy: 'HTTP requests; deployed only with `SLUICE_CONSOLE=on`',
    // Its package has no list of functions, from which other readers of records know the mappings.
    folder: 'mappings',
    variables: ({ env, topicMappings }, all) => ({
      CONSOLE_SECRET: consoleSecret(env),
      REDIS_SECRET: redisSecret(env, 'console'),
      ...topicMappingsVariable(mappingsByTopic(all, topicMappings)),
    }),
    events: ({ consoleTokens }) => [consoleEvent(consoleTokens)],
    statements: (_, place) => consoleStatements(place),
  },
  topics: {
    text: 'every topic of the environment: it creates them and changes their settings, and creates the secret of Redis and the parameter of the generator',
    startedBy: 'a deployment',
    statements: (_, place) => topicsStatements(place.all, place),
  },
}

/** Returns the rows whose words a function has. */
export function usesOf({ uses }: Pick<DeclaredFunction, 'uses'>): readonly Use[] {
  return Object.entries(USES).flatMap(([word, use]) => (uses.includes(word) ? [use] : []))
}

/** Returns the permissions of a function by its words, and by being a consumer. */
export function useStatements(declared: DeclaredFunction, place: RolesPlace): readonly Statement[] {
  return Object.entries(USES).flatMap(([word, { statements, isOfConsumers }]) => {
    const hasIt = declared.uses.includes(word) || (isOfConsumers && isConsumer(declared))
    return hasIt ? (statements?.(declared, place) ?? []) : []
  })
}

/** Returns the value of `CHECKPOINT_CONSUMERS`. */
function checkpointConsumers(all: readonly DeclaredFunction[]): string {
  return all.flatMap(({ name, consumes }) => consumes.map(signal => `${name}=${signal}`)).join(',')
}

/** A consumer reads the checkpoints of its own state; the function that takes them writes and removes all, and reads none. */
function checkpointStatements(
  declared: DeclaredFunction,
  { checkpointBucket, env }: RolesPlace,
): Statement[] {
  if (!checkpointBucket) return []
  const { name, uses } = declared
  // Names of objects as in `packages/runtime/adapters/s3/checkpoint-store.ts`.
  const access = uses.includes('checkpoints')
    ? [{ objects: 'checkpoints/*', actions: ['s3:PutObject', 's3:DeleteObject'] }]
    : topicsRead(declared, env).map(({ topic }) => ({
        objects: `checkpoints/${name}/${topic}/*`,
        actions: ['s3:GetObject'],
      }))
  return access.flatMap(({ objects, actions }) => [
    {
      ...allow(['s3:ListBucket'], [arnInBucket(checkpointBucket)]),
      Condition: { StringLike: { 's3:prefix': objects } },
    },
    allow(actions, [arnInBucket(checkpointBucket, `/${objects}`)]),
  ])
}

/** The topic is encrypted with a key of its own, which has the topic's name as its alias: see `stack/alerts-topic.yaml`. */
function alertsTopicStatements(topic: string): Statement[] {
  const key = {
    ...allow(['kms:GenerateDataKey', 'kms:Decrypt'], [arnHere('kms', 'key/*')]),
    Condition: {
      StringEquals: { 'kms:ViaService': byService('sns') },
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${topic}` },
    },
  }
  return [allow(['sns:Publish'], [arnHere('sns', topic)]), key]
}

/** A message that cannot be processed stays in the queue, which moves it to its dead letter queue. */
function queueEvent(onFailureQueue: string): object {
  const sqs = { arn: onFailureQueue, batchSize: 10, functionResponseType: 'ReportBatchItemFailures' }
  // The least that SQS knows: many messages at once must not take invocations and Kafka from the consumers.
  return { sqs: { ...sqs, maximumConcurrency: 2 } }
}

/** The console looks at every topic and group of the environment, and at nothing else of the cluster. */
function consoleStatements({ clusterArn, env, all }: RolesPlace): Statement[] {
  const topics = [...signals().map(signal => topicName(signal, env)), ...foreignTopicsOf(all)]
  const below = (kind: 'topic' | 'group', names: readonly string[]) =>
    names.map(name => arnInCluster(clusterArn, kind, name))
  const groups = all.flatMap(one => topicsRead(one, env).map(({ group }) => group))
  return [
    allow(
      ['kafka-cluster:DescribeCluster', 'kafka-cluster:DescribeClusterDynamicConfiguration'],
      [clusterArn],
    ),
    allow(
      [
        'kafka-cluster:DescribeTopic',
        'kafka-cluster:DescribeTopicDynamicConfiguration',
        'kafka-cluster:ReadData',
      ],
      below('topic', topics),
    ),
    allow(['kafka-cluster:DescribeGroup'], below('group', groups)),
    readSecrets(consoleSecret(env)),
  ]
}

/** The topics of others that functions read. */
export function foreignTopicsOf(functions: readonly DeclaredFunction[]): readonly string[] {
  return [...new Set(functions.flatMap(({ foreignTopics }) => foreignTopics))]
}
