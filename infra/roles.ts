/** The role of each function: what its entry says that it reads, writes and uses, and no more. Pure. */

import { type DeclaredFunction, isConsumer } from '../lib/app/functions.ts'
import { alertsTopicName, consoleSecret, lambdaName, redisSecret } from '../lib/app/resource-names.ts'
import { groupName, RETRY_TOPICS, SIGNALS, type Signal, topicName } from '../lib/app/topics.ts'
import type { Place } from './account.ts'
import { allow, arnHere, arnInCluster, type Statement } from './arn.ts'
import { kafkaSecretStatements } from './kafka-secrets.ts'
import { missedRunStatements } from './missed-runs.ts'
import { networkStatements } from './statements/network.ts'
import { readSecrets } from './statements/secrets.ts'
import { topicsStatements } from './statements/topics.ts'

/** What has to be known of the place that the functions are deployed to. */
interface Deployed
  extends Pick<
    Place,
    | 'env'
    | 'clusterArn'
    | 'checkpointBucket'
    | 'registrySecret'
    | 'spansSecret'
    | 'onFailureQueue'
    | 'onFailureBucket'
    | 'kafkaSecrets'
    | 'keepsMissedRuns'
    | 'tracing'
    | 'vpc'
  > {
  readonly stage: string
}

interface WithForeign extends Deployed {
  /** The topics of others that functions read. */
  readonly foreign: readonly string[]
  /** The functions that read topics as groups. */
  readonly consumers: readonly string[]
  readonly all: readonly DeclaredFunction[]
}

/** The resources of CloudFormation, by their logical ids. */
export function roles(functions: readonly DeclaredFunction[], deployed: Deployed): Record<string, object> {
  const foreign = [...new Set(functions.flatMap(({ foreignTopics }) => foreignTopics))]
  const consumers = functions.filter(isConsumer).map(({ name }) => name)
  return Object.fromEntries(
    functions.map(declared => [
      roleId(declared.name),
      role(declared, { ...deployed, foreign, consumers, all: functions }),
    ]),
  )
}

/** The logical id of a function's role. */
export function roleId(name: string): string {
  const words = name.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1))
  return `${words.join('')}Role`
}

function role(declared: DeclaredFunction, deployed: WithForeign): object {
  const { name, uses } = declared
  const { env, stage } = deployed
  const inLambda = lambdaName(stage, name)
  const statements = [
    // The template makes the log group. A role that may create one would bring back a removed one, without a retention.
    allow(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [arnHere('logs', `log-group:/aws/lambda/${inLambda}:*`)],
    ),
    ...networkStatements(inLambda, isConsumer(declared), deployed.vpc),
    ...(deployed.tracing ? [allow([...TRACING_ACTIONS], ['*'])] : []),
    ...(declared.schedule && deployed.keepsMissedRuns ? missedRunStatements(stage) : []),
    ...clusterStatements(declared, deployed),
    ...topicStatements(declared, deployed),
    ...(uses.includes('parameter')
      ? [allow(['ssm:GetParameter'], [arnHere('ssm', `parameter/sluice/${env}/${name}`)])]
      : []),
    ...(uses.includes('redis')
      ? [readSecrets(redisSecret(env, uses.includes('console') ? 'console' : undefined))]
      : []),
    ...registryStatements(declared, deployed),
    ...spansStatements(declared, deployed),
    ...checkpointStatements(declared, deployed),
    ...notificationStatements(declared, deployed),
    ...onFailureStatements(declared, deployed),
    ...consoleStatements(declared, deployed),
    ...topicsStatements(declared, deployed.all, deployed),
  ]
  const trusted = {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  }
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policy([trusted]),
      Policies: [{ PolicyName: name, PolicyDocument: policy(statements) }],
    },
  }
}

/** X-Ray knows no resource for what it is sent: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html. */
const TRACING_ACTIONS = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords']

/** The code asks where the brokers are; an event source mapping asks what cluster it is, and how it is configured. */
function clusterStatements(declared: DeclaredFunction, { clusterArn, kafkaSecrets }: Deployed): Statement[] {
  const { writes } = declared
  const reads = isConsumer(declared)
  if (!reads && writes.length === 0) return []
  const [describe, configuration] = reads
    ? [['kafka:DescribeClusterV2'], ['kafka-cluster:DescribeClusterDynamicConfiguration']]
    : [[], []]
  return [
    allow(['kafka:GetBootstrapBrokers', ...describe], [clusterArn]),
    allow(['kafka-cluster:Connect', ...configuration], [clusterArn]),
    ...(kafkaSecrets ? kafkaSecretStatements(kafkaSecrets) : []),
  ]
}

function topicStatements(declared: DeclaredFunction, deployed: WithForeign): Statement[] {
  const { name, consumes, foreignTopics, forwards, writes, uses } = declared
  const { clusterArn, env, foreign } = deployed
  const named = (topic: string) => arnInCluster(clusterArn, 'topic', topic)
  const topic = (signal: Signal) => named(topicName(signal, env))
  // What is tried again goes back to where it was.
  const redrives =
    writes.length > 0 &&
    (uses.includes('console') ||
      forwards.some(signal => (RETRY_TOPICS as readonly Signal[]).includes(signal)))
  const group = arnInCluster(clusterArn, 'group', groupName(name, env))
  const reading = isConsumer(declared)
    ? [
        allow(
          ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
          [...consumes.map(topic), ...foreignTopics.map(named)],
        ),
        allow(['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], [group]),
      ]
    : []
  // A forwarder keeps offsets of its own and joins no consumer group.
  const forwarding =
    forwards.length > 0
      ? [allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], forwards.map(topic))]
      : []
  const writing =
    writes.length > 0
      ? [
          allow(
            ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
            [...writes.map(topic), ...(redrives ? foreign.map(named) : [])],
          ),
        ]
      : []
  return [...reading, ...forwarding, ...writing]
}

/** Consumers read and write data with the schemas of the registry; others that write such data say so. */
function registryStatements(declared: DeclaredFunction, { registrySecret }: Deployed): Statement[] {
  if (!registrySecret || !(isConsumer(declared) || declared.uses.includes('registry'))) return []
  return [readSecrets(registrySecret)]
}

/** Consumers send spans. */
function spansStatements(declared: DeclaredFunction, { spansSecret }: Deployed): Statement[] {
  if (!spansSecret || !isConsumer(declared)) return []
  return [readSecrets(spansSecret)]
}

/** A consumer reads the checkpoints of its own state; the function that takes them writes and removes all, and reads none. */
function checkpointStatements(
  { name, consumes, foreignTopics, uses }: DeclaredFunction,
  { checkpointBucket, env }: Deployed,
): Statement[] {
  if (!checkpointBucket) return []
  // As `packages/runtime/adapters/s3/checkpoint-store.ts` names its objects.
  const access = uses.includes('checkpoints')
    ? [{ objects: 'checkpoints/*', actions: ['s3:PutObject', 's3:DeleteObject'] }]
    : [...consumes.map(signal => topicName(signal, env)), ...foreignTopics].map(topic => ({
        objects: `checkpoints/${name}/${topic}/*`,
        actions: ['s3:GetObject'],
      }))
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  const bucket = `arn:${'${AWS::Partition}'}:s3:::${checkpointBucket}`
  return access.flatMap(({ objects, actions }) => [
    {
      ...allow(['s3:ListBucket'], [{ 'Fn::Sub': bucket }]),
      Condition: { StringLike: { 's3:prefix': objects } },
    },
    allow(actions, [{ 'Fn::Sub': `${bucket}/${objects}` }]),
  ])
}

/** The topic is encrypted with a key of its own, which has the topic's name as its alias: see `stack/alerts-topic.yaml`. */
function notificationStatements({ uses }: DeclaredFunction, { env }: Deployed): Statement[] {
  const topic = alertsTopicName(env)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  const sns = { 'Fn::Sub': 'sns.${AWS::Region}.amazonaws.com' }
  const key = {
    ...allow(['kms:GenerateDataKey', 'kms:Decrypt'], [arnHere('kms', 'key/*')]),
    Condition: {
      StringEquals: { 'kms:ViaService': sns },
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${topic}` },
    },
  }
  return [
    ...(uses.includes('alerts-topic') ? [allow(['sns:Publish'], [arnHere('sns', topic)]), key] : []),
    // Receivers are files that people edit, so their secrets are not known by name.
    ...(uses.includes('receiver-secrets') ? [readSecrets(`sluice/${env}/receivers/*`)] : []),
  ]
}

/** The event source mapping receives and deletes messages in the function's name. */
function onFailureStatements(
  { uses }: DeclaredFunction,
  { onFailureQueue, onFailureBucket }: Deployed,
): Statement[] {
  if (!uses.includes('on-failure')) return []
  const actions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  const objects = `arn:${'${AWS::Partition}'}:s3:::${onFailureBucket}/*`
  // All of the bucket, which is for nothing else: Lambda chooses the names of the objects.
  return [
    ...(onFailureQueue ? [allow(actions, [onFailureQueue])] : []),
    ...(onFailureBucket ? [allow(['s3:GetObject'], [{ 'Fn::Sub': objects }])] : []),
  ]
}

/** The console looks at every topic and group of the environment, and at nothing else of the cluster. */
function consoleStatements({ uses }: DeclaredFunction, deployed: WithForeign): Statement[] {
  if (!uses.includes('console')) return []
  const { clusterArn, env, consumers, foreign } = deployed
  const topics = [...SIGNALS.map(signal => topicName(signal, env)), ...foreign]
  const below = (kind: 'topic' | 'group', names: readonly string[]) =>
    names.map(name => arnInCluster(clusterArn, kind, name))
  const groups = consumers.map(name => groupName(name, env))
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

function policy(statements: readonly object[]): object {
  return { Version: '2012-10-17', Statement: statements }
}
