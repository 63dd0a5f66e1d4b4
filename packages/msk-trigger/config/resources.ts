import { isObject } from '../support/config-values.ts'
import type { Serverless } from '../support/serverless.ts'

/** Default account id, as in LocalStack. */
const ACCOUNT = '000000000000'

/** Parts of the service to which destinations and environment variables of functions can refer. */
export interface ResourceContext {
  /** `resources.Resources` and the functions. A resource can be resolved only if its properties contain its name. */
  readonly resources: Readonly<Record<string, unknown>>
  readonly region: string
  /** Pseudo parameters, and parameters of the template. `AWS::NoValue` is null. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Address of the emulator of SQS; the cloud's if it is absent. */
  readonly queueEndpoint?: string | undefined
}

export const NOTHING_KNOWN: ResourceContext = { resources: {}, region: '' }

export function resourceContext(serverless: Serverless): ResourceContext {
  const { service } = serverless
  const aws = serverless.getProvider('aws')
  const region = aws.getRegion()
  const stack = aws.naming.getStackName()
  const partition = /^cn|^us-gov/.exec(region)?.[0].replace(/^/, 'aws-') ?? 'aws'
  const functions = service.getAllFunctions().map(key => {
    const Properties = { FunctionName: service.getFunction(key).name }
    return [aws.naming.getLambdaLogicalId(key), { Type: 'AWS::Lambda::Function', Properties }]
  })
  const parameters = [
    // The default of a parameter of another type is the name of its value.
    ...Object.entries(service.resources?.Parameters ?? {}).map(([id, { Type, Default }]) =>
      Type === 'String' || Type === 'Number' ? [id, Default] : [],
    ),
    ...(service.provider.stackParameters ?? []).map(given => [given.ParameterKey, given.ParameterValue]),
  ]
  return {
    resources: { ...Object.fromEntries(functions), ...service.resources?.Resources },
    region,
    parameters: {
      ...Object.fromEntries(parameters),
      'AWS::AccountId': ACCOUNT,
      'AWS::NoValue': null,
      'AWS::Partition': partition,
      'AWS::Region': region,
      'AWS::StackId': `arn:${partition}:cloudformation:${region}:${ACCOUNT}:stack/${stack}/local`,
      'AWS::StackName': stack,
      'AWS::URLSuffix': partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
    },
  }
}

interface ResourceType {
  /** Property that contains the resource's name. */
  readonly name: string
  /** Kind of destination; undefined if the resource cannot be one. */
  readonly kind?: 'sqs' | 'sns' | 's3'
  readonly ref: 'arn' | 'name' | 'url'
  /** ARN before the name, without its partition. `HERE` is the region and the account. */
  readonly arn: string
}

/** Supported resource types. */
const TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::DynamoDB::Table': { name: 'TableName', ref: 'name', arn: 'dynamodb:HERE:table/' },
  'AWS::Events::EventBus': { name: 'Name', ref: 'name', arn: 'events:HERE:event-bus/' },
  'AWS::Kinesis::Stream': { name: 'Name', ref: 'name', arn: 'kinesis:HERE:stream/' },
  'AWS::Lambda::Function': { name: 'FunctionName', ref: 'name', arn: 'lambda:HERE:function:' },
  'AWS::S3::Bucket': { name: 'BucketName', kind: 's3', ref: 'name', arn: 's3:::' },
  'AWS::SNS::Topic': { name: 'TopicName', kind: 'sns', ref: 'arn', arn: 'sns:HERE:' },
  'AWS::SQS::Queue': { name: 'QueueName', kind: 'sqs', ref: 'url', arn: 'sqs:HERE:' },
}

/** Part of a resource that each attribute of `Fn::GetAtt` returns. */
const ATTRIBUTES: Readonly<Record<string, ResourceType['ref']>> = {
  Arn: 'arn',
  TopicArn: 'arn',
  Name: 'name',
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

/** Returns true for a FIFO queue or topic of the service. */
export function isFifoResource(id: string | undefined, { resources }: ResourceContext): boolean {
  const { FifoQueue, FifoTopic } = Object(Object(own(resources, `${id}`)).Properties)
  return `${FifoQueue ?? FifoTopic}` === 'true'
}

/**
 * Returns a value of the configuration as text. Returns null if it is to be left out, and undefined if only CloudFormation can
 * resolve it.
 */
export function resolveText(value: unknown, context: ResourceContext): string | null | undefined {
  if (value === undefined || value === null) return null
  // CloudFormation replaces dynamic references such as `{{resolve:ssm:/shop/url}}`.
  if (typeof value !== 'object') return String(value).includes('{{resolve:') ? undefined : String(value)
  if (!isIntrinsic(value)) return undefined
  const [[name, argument] = []] = Object.entries(value)
  if (name === 'Fn::Sub') return substitute(argument, context)
  if (name !== 'Fn::Join' && name !== 'Fn::Select') return resolveReference(value, context)
  const [first, list] = toList(argument)
  const items = resolveItems(list, context)
  if (name === 'Fn::Select') return items?.[Number(first)]
  return items?.includes(undefined) ? undefined : items?.filter(item => item !== null).join(`${first}`)
}

/** Returns the texts of a list, or of the list that `Fn::Split` makes. */
function resolveItems(list: unknown, context: ResourceContext) {
  if (Array.isArray(list)) return list.map(item => resolveText(item, context))
  const [separator, text] = isIntrinsic(list) ? toList(list['Fn::Split']) : []
  return separator === undefined ? undefined : resolveText(text, context)?.split(`${separator}`)
}

/** Replaces `${Name}` and `${Name.Attribute}` in a template. Names may have values of their own. */
function substitute(argument: unknown, context: ResourceContext): string | undefined {
  const [template, values] = typeof argument === 'string' ? [argument] : toList(argument)
  const given = Object.entries(Object(values)).map(([name, value]) => [name, resolveText(value, context)])
  const parameters = { ...context.parameters, ...Object.fromEntries(given) }
  if (typeof template !== 'string') return undefined
  const texts = template.split(/\$\{([^{}]+)\}/).map((text, index) => {
    if (index % 2 === 0) return text
    if (text.startsWith('!')) return `\${${text.slice(1)}}`
    const reference = text.includes('.') && !Object.hasOwn(parameters, text) ? 'Fn::GetAtt' : 'Ref'
    return resolveText({ [reference]: text }, { ...context, parameters })
  })
  return texts.every(text => typeof text === 'string') ? texts.join('') : undefined
}

function resolveReference(value: unknown, context: ResourceContext): string | null | undefined {
  const { id = '', attribute } = findReference(value) ?? {}
  const { region, resources, parameters = {}, queueEndpoint } = context
  const given = attribute === undefined ? own(parameters, id) : undefined
  if (given !== undefined) return resolveText(given, NOTHING_KNOWN)
  const { Properties = {} } = Object(own(resources, id))
  const type = own(TYPES, findResourceType(id, context) ?? '')
  // Without the resource itself, because its name may refer to it.
  const others = { ...context, resources: { ...resources, [id]: null } }
  const name = type && (resolveText(Properties[type.name], others) ?? localName(id, context))
  if (!type || !name) return undefined
  const part = attribute === undefined ? type.ref : own(ATTRIBUTES, attribute)
  const { 'AWS::Partition': partition = 'aws', 'AWS::URLSuffix': suffix = 'amazonaws.com' } = parameters
  if (part === 'arn') return `arn:${partition}:${type.arn.replace('HERE', `${region}:${ACCOUNT}`)}${name}`
  if (part !== 'url') return part && name
  const endpoint = queueEndpoint?.replace(/\/$/, '') ?? `https://sqs.${region}.${suffix}`
  return `${endpoint}/${ACCOUNT}/${name}`
}

/** Returns the local name of a queue, topic or bucket whose name CloudFormation chooses: its logical id. */
function localName(id: string, context: ResourceContext): string | undefined {
  const { name, kind } = own(TYPES, findResourceType(id, context) ?? '') ?? {}
  const isNamed = name && Object(Object(own(context.resources, id)).Properties)[name] != null
  if (!kind || isNamed) return undefined
  // The name of a bucket has no upper-case letters.
  return kind === 's3' ? id.toLowerCase() : id
}

/** Returns logical id and local name of each queue, topic and bucket without a name to which a part of the configuration refers. */
export function listLocalNames(part: unknown, context: ResourceContext) {
  const text = JSON.stringify(part)
  return Object.keys(context.resources).flatMap((id): (readonly [id: string, name: string])[] => {
    const name = localName(id, context)
    const references = [
      `"Ref":"${id}"`,
      `"Fn::GetAtt":["${id}"`,
      `"Fn::GetAtt":"${id}.`,
      `\${${id}}`,
      `\${${id}.`,
    ]
    return name !== undefined && references.some(reference => text.includes(reference)) ? [[id, name]] : []
  })
}

function findReference(value: unknown): { readonly id: string; readonly attribute?: string } | undefined {
  if (!isIntrinsic(value)) return undefined
  if (typeof value.Ref === 'string') return { id: value.Ref }
  const argument = value['Fn::GetAtt']
  const [id, attribute] = typeof argument === 'string' ? argument.split(/\.(.*)/s) : toList(argument)
  return typeof id === 'string' && typeof attribute === 'string' ? { id, attribute } : undefined
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function own<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

/** Returns the ARN of a function, in the account of its cluster if the cluster's ARN is known. */
export function functionArn(cluster: unknown, name: string, region: string): string {
  const account = /^arn:[\w-]+:kafka:[^:]*:(\d+):/.exec(String(cluster))?.[1] ?? ACCOUNT
  return `arn:aws:lambda:${region}:${account}:function:${name}`
}

/** Returns the ARN if it is known. For any other reference, returns a placeholder ARN of the same form. */
export function clusterArn(arn: unknown, context: ResourceContext): string {
  const place = `${context.region}:${ACCOUNT}:cluster/local/00000000-0000-0000-0000-000000000000-1`
  return resolveText(arn, context) || `arn:aws:kafka:${place}`
}
