/** What a role in the template may do. */
import assert from 'node:assert/strict'

/** The cluster that the template is made for. */
export const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/sluice/751d2973-a626-431c-9d4e-d7975eb44dd7-2'

export interface Statement {
  readonly Effect?: 'Allow' | 'Deny'
  readonly Action: readonly string[]
  readonly Resource: readonly (string | { readonly 'Fn::Sub': string })[]
  readonly Condition?: { readonly StringLike: { readonly 's3:prefix': string } }
}

function resourcesFor(action: string, statements: readonly Statement[]): string[] {
  return statements
    .filter(({ Action }) => Action.includes(action))
    .flatMap(({ Resource }) => Resource.map(String))
}

/**
 * What the role of a function with an MSK trigger must allow, by AWS's pages "Configuring Lambda permissions for Amazon MSK event
 * source mappings" (https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html, "Required permissions") and, for
 * clusters with IAM, "Configuring Amazon MSK cluster authentication methods in Lambda"
 * (https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html, "IAM authentication"). Of `kafka:DescribeCluster` and
 * `kafka:DescribeClusterV2` one is enough, and the second is the one that works with every cluster. `logs:CreateLogGroup` is left
 * out: the template makes the log group.
 */
export const MSK_TRIGGER_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'kafka-cluster:AlterGroup',
  'kafka-cluster:Connect',
  'kafka-cluster:DescribeClusterDynamicConfiguration',
  'kafka-cluster:DescribeGroup',
  'kafka-cluster:DescribeTopic',
  'kafka-cluster:ReadData',
  'kafka:DescribeClusterV2',
  'kafka:GetBootstrapBrokers',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
]

/**
 * What the code of a function needs that has no trigger of Kafka's and writes to it as the plain producer that it is, without
 * transactions: "Semantics of IAM authorization policy actions and resources"
 * (https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html).
 */
export const PRODUCER_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'kafka-cluster:Connect',
  'kafka-cluster:DescribeTopic',
  'kafka-cluster:WriteData',
  'kafka:GetBootstrapBrokers',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
]

/** What every function in a VPC needs: a network interface, and a log. */
export const ANY_FUNCTION_ACTIONS = PRODUCER_ACTIONS.filter(action => /^(ec2|logs):/.test(action))

/** The objects that a role may list, and those that it may do something with: below `arn:…:s3:::<bucket>/`. */
export function checkpointsFor(statements: readonly Statement[]): string[] {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  const bucket = `arn:${'${AWS::Partition}'}:s3:::sluice-checkpoints`
  return statements.flatMap(({ Action, Resource, Condition }) => {
    if (!Action.some(action => action.startsWith('s3:'))) return []
    const [one, ...more] = Resource.map(resource =>
      typeof resource === 'string' ? resource : resource['Fn::Sub'],
    )
    assert.deepEqual(more, [])
    if (one === bucket) return [Condition?.StringLike['s3:prefix'] ?? 'all of the bucket']
    return [one?.replace(`${bucket}/`, '') ?? '']
  })
}

/** Every action that a role allows, once. */
export function actionsOf(statements: readonly Pick<Statement, 'Action'>[]): string[] {
  return [...new Set(statements.flatMap(({ Action }) => Action))].sort()
}

/** The signals that a role may do this with; a topic of another cluster or environment stays as it is. */
export function topicsFor(action: string, statements: readonly Statement[]): string[] {
  const topics = CLUSTER.replace(':cluster/', ':topic/')
  return resourcesFor(action, statements).map(arn =>
    arn.replace(`${topics}/sluice.telemetry.`, '').replace(/\.prod$/, ''),
  )
}

export function groupsFor(statements: readonly Statement[]): string[] {
  const groups = CLUSTER.replace(':cluster/', ':group/')
  return resourcesFor('kafka-cluster:AlterGroup', statements).map(arn => arn.replace(`${groups}/`, ''))
}

/** Every action has its service's name and its own, and every resource is a certain one, as far as AWS knows any. */
export function assertNarrow(statements: readonly Statement[]): void {
  for (const { Effect, Action, Resource } of statements) {
    for (const action of Action) assert.match(action, /^[a-z0-9-]+:[A-Za-z0-9]+$/)
    if (Effect !== 'Deny' && Resource.includes('*'))
      assert.ok(
        Action.every(action => action.startsWith('ec2:Describe')),
        Action.join(),
      )
  }
}
