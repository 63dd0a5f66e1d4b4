/** IAM roles of the functions. A role allows only the access that the function's entry in serverless.yml declares. Pure. */
import { type DeclaredFunction, isConsumer, listTriggerTopics } from '../../control/environment/functions.ts'
import { lambdaName } from '../../lib/app/naming/resource-names.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { arnHere, arnInCluster } from '../place/arns.ts'
import type { NamedPlace, Place } from '../place/place.ts'
import { buildNetworkStatements } from '../statements/network.ts'
import { buildKafkaSecretStatements } from '../statements/secrets.ts'
import { allow, type Statement } from '../statements/statement.ts'
import { buildUseStatements, type RolesPlace } from './uses.ts'

type StagePlace = NamedPlace & { readonly stage: string }

/** Returns the CloudFormation resources of the roles by logical id. */
export function buildRoles(
  functions: readonly DeclaredFunction[],
  deployed: StagePlace,
): Record<string, object> {
  return Object.fromEntries(
    functions.map(declared => [
      toRoleId(declared.name),
      buildRole(declared, { ...deployed, all: functions }),
    ]),
  )
}

/** Returns the logical id of a function's role. */
export function toRoleId(name: string): string {
  const words = name.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1))
  return `${words.join('')}Role`
}

function buildRole(declared: DeclaredFunction, deployed: StagePlace & RolesPlace): object {
  const { name } = declared
  const { stage } = deployed
  const inLambda = lambdaName(stage, name)
  const statements = [
    // The template creates the log group. If the role could create log groups, the function would re-create a deleted one without
    // retention.
    allow(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [arnHere('logs', `log-group:/aws/lambda/${inLambda}:*`)],
    ),
    ...buildNetworkStatements(inLambda, isConsumer(declared), deployed.vpc),
    ...(deployed.tracing ? [allow([...TRACING_ACTIONS], ['*'])] : []),
    ...buildClusterStatements(declared, deployed),
    ...buildTopicStatements(declared, deployed),
    ...buildUseStatements(declared, deployed),
  ]
  const trusted = {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  }
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: buildPolicy([trusted]),
      Policies: [{ PolicyName: name, PolicyDocument: buildPolicy(statements) }],
    },
  }
}

/**
 * X-Ray has no resource-level permissions: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
 */
const TRACING_ACTIONS = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords']

/**
 * Returns the permissions for the cluster. The code looks up the brokers by the cluster's ARN, and event source mappings read the
 * cluster's type and configuration.
 */
function buildClusterStatements(declared: DeclaredFunction, place: Place): Statement[] {
  const { writes } = declared
  const reads = isConsumer(declared)
  if (!reads && writes.length === 0) return []
  const [describe, configuration] = reads
    ? [['kafka:DescribeClusterV2'], ['kafka-cluster:DescribeClusterDynamicConfiguration']]
    : [[], []]
  return [
    allow(['kafka:GetBootstrapBrokers', ...describe], [place.clusterArn]),
    allow(['kafka-cluster:Connect', ...configuration], [place.clusterArn]),
    ...buildKafkaSecretStatements(place),
  ]
}

function buildTopicStatements(declared: DeclaredFunction, deployed: RolesPlace): Statement[] {
  const { forwards, writes } = declared
  const { clusterArn, env, names } = deployed
  const toTopicArn = (topic: string) => arnInCluster(clusterArn, 'topic', topic)
  const toSignalArn = (signal: Signal) => toTopicArn(names.topicName(signal, env))
  const read = listTriggerTopics(declared, deployed, deployed.inputs)
  // A consumer that has lost its state reads its published failures.
  const topics = [...read.map(({ topic }) => toTopicArn(topic)), toSignalArn('failures'), toSignalArn('dlq')]
  const groups = read.map(({ group }) => arnInCluster(clusterArn, 'group', group))
  const reading = isConsumer(declared)
    ? [
        allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], [...new Set(topics)]),
        allow(['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], [...new Set(groups)]),
      ]
    : []
  // A forwarder stores its own offsets and does not join a consumer group.
  const forwarding =
    forwards.length > 0
      ? [allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], forwards.map(toSignalArn))]
      : []
  const writing =
    writes.length > 0
      ? [allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], writes.map(toSignalArn))]
      : []
  return [...reading, ...forwarding, ...writing]
}

function buildPolicy(statements: readonly object[]): object {
  return { Version: '2012-10-17', Statement: statements }
}
