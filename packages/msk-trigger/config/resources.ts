import { isObject } from '../support/config-values.ts'
import type { Serverless } from '../support/serverless.ts'

/** Default account id, as in LocalStack. */
const ACCOUNT = '000000000000'

/** Resources of the service, to which destinations and environment variables of functions can refer. */
export interface ResourceContext {
  /** `resources.Resources`. A resource can be resolved only if its properties contain its name. */
  readonly resources: Readonly<Record<string, unknown>>
  readonly region: string
}

export const NOTHING_KNOWN: ResourceContext = { resources: {}, region: '' }

export function resourceContext(serverless: Serverless): ResourceContext {
  return {
    resources: serverless.service.resources?.Resources ?? {},
    region: serverless.getProvider('aws').getRegion(),
  }
}

interface ResourceType {
  readonly name: string
  /** Kind of destination; undefined if the resource cannot be one. */
  readonly kind?: 'sqs' | 'sns' | 's3'
  readonly ref: 'arn' | 'name' | 'url'
  arn(name: string, region: string): string
}

/** Supported resource types. */
const TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::SQS::Queue': {
    ...{ name: 'QueueName', kind: 'sqs', ref: 'url' },
    arn: (name, region) => `arn:aws:sqs:${region}:${ACCOUNT}:${name}`,
  },
  'AWS::SNS::Topic': {
    ...{ name: 'TopicName', kind: 'sns', ref: 'arn' },
    arn: (name, region) => `arn:aws:sns:${region}:${ACCOUNT}:${name}`,
  },
  'AWS::S3::Bucket': {
    ...{ name: 'BucketName', kind: 's3', ref: 'name' },
    arn: name => `arn:aws:s3:::${name}`,
  },
  'AWS::DynamoDB::Table': {
    ...{ name: 'TableName', ref: 'name' },
    arn: (name, region) => `arn:aws:dynamodb:${region}:${ACCOUNT}:table/${name}`,
  },
}

/** Part of a resource that each attribute of `Fn::GetAtt` returns. */
const ATTRIBUTES: Readonly<Record<string, ResourceType['ref']>> = {
  Arn: 'arn',
  TopicArn: 'arn',
  QueueName: 'name',
  TopicName: 'name',
  QueueUrl: 'url',
}

/** Returns true for an intrinsic function of CloudFormation. */
export function isIntrinsic(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false
  const [name = '', ...others] = Object.keys(value)
  return others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))
}

/** Returns the logical id of the resource in a reference: `Ref: Queue`, `Fn::GetAtt: [Queue, Arn]` or `Fn::GetAtt: Queue.Arn`. */
export function referredResource(value: unknown): string | undefined {
  return findReference(value)?.id
}

/** Returns the type of a resource of the service. */
export function findResourceType(id: string, { resources }: ResourceContext): string | undefined {
  const resource = own(resources, id)
  return isObject(resource) && typeof resource.Type === 'string' ? resource.Type : undefined
}

/** Returns the kind of destination that a resource type is; undefined if it is none. */
export function findDestinationKind(type: string): ResourceType['kind'] {
  return own(TYPES, type)?.kind
}

/**
 * Returns the local value of a `Ref` or `Fn::GetAtt`. Returns undefined for any other value, and for a reference that only
 * CloudFormation can resolve.
 */
export function resolveReference(value: unknown, context: ResourceContext): string | undefined {
  const reference = findReference(value)
  if (!reference) return undefined
  const { id, attribute } = reference
  const resource = own(context.resources, id)
  const type = own(TYPES, findResourceType(id, context) ?? '')
  const properties = isObject(resource) && isObject(resource.Properties) ? resource.Properties : {}
  const name = type && properties[type.name]
  if (!type || typeof name !== 'string' || name === '') return undefined
  const part = attribute === undefined ? type.ref : own(ATTRIBUTES, attribute)
  if (part === 'arn') return type.arn(name, context.region)
  return part === 'url' ? `https://sqs.${context.region}.amazonaws.com/${ACCOUNT}/${name}` : part && name
}

function findReference(value: unknown): { readonly id: string; readonly attribute?: string } | undefined {
  if (!isIntrinsic(value)) return undefined
  if (typeof value.Ref === 'string') return { id: value.Ref }
  const argument = value['Fn::GetAtt']
  const [id, attribute]: readonly unknown[] =
    typeof argument === 'string' ? argument.split('.') : Array.isArray(argument) ? argument : []
  return typeof id === 'string' && typeof attribute === 'string' ? { id, attribute } : undefined
}

function own<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

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
