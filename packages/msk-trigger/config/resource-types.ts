/** Default account id, as in LocalStack. */
export const ACCOUNT = '000000000000'

/** Returns the ARN of a function, in the account of its cluster if the cluster's ARN is known. */
export function functionArn(cluster: unknown, name: string, region: string): string {
  const account = /^arn:[\w-]+:kafka:[^:]*:(\d+):/.exec(String(cluster))?.[1] ?? ACCOUNT
  return `arn:aws:lambda:${region}:${account}:function:${name}`
}

/** Returns the ARN if it is configured as text. For a reference, returns a placeholder ARN of the same form. */
export function clusterArn(arn: unknown, region: string): string {
  return typeof arn === 'string'
    ? arn
    : `arn:aws:kafka:${region}:${ACCOUNT}:cluster/local/00000000-0000-0000-0000-000000000000-1`
}

export interface AccountRegion {
  readonly region: string
  /** Account id; `000000000000` by default, as in LocalStack. */
  readonly accountId: string
}

/** Property of a resource that a reference can return. */
export type ResourceProperty = 'arn' | 'name' | 'url'

export interface ResourceType {
  readonly name: string
  /** Returns the part of the ARN after `arn:<partition>:`. */
  arn(name: string, place: AccountRegion): string
  readonly ref: ResourceProperty
  readonly attributes: Readonly<Record<string, ResourceProperty>>
}

/** Placeholder for the last part of a cluster's ARN, which AWS generates. */
const CLUSTER_ID = '00000000-0000-0000-0000-000000000000-1'

const CLUSTER: ResourceType = {
  name: 'ClusterName',
  arn: (name, place) => `kafka:${placeOf(place)}:cluster/${name}/${CLUSTER_ID}`,
  ref: 'arn',
  attributes: { Arn: 'arn' },
}

/** Defines a resource type whose `Ref` returns the name. */
function byName(name: string, arn: ResourceType['arn']): ResourceType {
  return { name, arn, ref: 'name', attributes: { Arn: 'arn' } }
}

/** Supported resource types, to which Kafka events and environment variables of functions can refer. */
export const TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::SQS::Queue': {
    name: 'QueueName',
    arn: (name, place) => `sqs:${placeOf(place)}:${name}`,
    ref: 'url',
    attributes: { Arn: 'arn', QueueName: 'name', QueueUrl: 'url' },
  },
  'AWS::SNS::Topic': {
    name: 'TopicName',
    arn: (name, place) => `sns:${placeOf(place)}:${name}`,
    ref: 'arn',
    attributes: { TopicArn: 'arn', TopicName: 'name' },
  },
  'AWS::S3::Bucket': byName('BucketName', name => `s3:::${name}`),
  'AWS::DynamoDB::Table': byName('TableName', (name, place) => `dynamodb:${placeOf(place)}:table/${name}`),
  'AWS::Events::EventBus': byName('Name', (name, place) => `events:${placeOf(place)}:event-bus/${name}`),
  'AWS::Kinesis::Stream': byName('Name', (name, place) => `kinesis:${placeOf(place)}:stream/${name}`),
  'AWS::Lambda::Function': byName(
    'FunctionName',
    (name, place) => `lambda:${placeOf(place)}:function:${name}`,
  ),
  'AWS::SSM::Parameter': {
    name: 'Name',
    arn: (name, place) => `ssm:${placeOf(place)}:parameter/${name.replace(/^\//, '')}`,
    ref: 'name',
    attributes: {},
  },
  'AWS::SecretsManager::Secret': {
    name: 'Name',
    // AWS appends six characters to the ARN, but accepts the ARN without them.
    arn: (name, place) => `secretsmanager:${placeOf(place)}:secret:${name}`,
    ref: 'arn',
    attributes: { Id: 'arn' },
  },
  'AWS::Glue::Registry': {
    name: 'Name',
    arn: (name, place) => `glue:${placeOf(place)}:registry/${name}`,
    ref: 'arn',
    attributes: { Arn: 'arn' },
  },
  'AWS::MSK::Cluster': CLUSTER,
  'AWS::MSK::ServerlessCluster': CLUSTER,
}

export function nameResource(
  { arn }: ResourceType,
  name: string,
  part: ResourceProperty,
  place: AccountRegion,
): string {
  switch (part) {
    case 'arn':
      return `arn:${partitionOf(place)}:${arn(name, place)}`
    case 'name':
      return name
    case 'url':
      return `https://sqs.${place.region}.${urlSuffixOf(place)}/${place.accountId}/${name}`
  }
}

function placeOf({ region, accountId }: AccountRegion): string {
  return `${region}:${accountId}`
}

export function partitionOf({ region }: AccountRegion): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

export function urlSuffixOf({ region }: AccountRegion): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
}
