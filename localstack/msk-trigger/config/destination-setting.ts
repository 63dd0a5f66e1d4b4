import { isObject, show } from '../support/values.ts'
import type { Destination } from './destination.ts'

/** A destination as configured: `reference` is an ARN, `kafka://topic`, or a reference that CloudFormation resolves. */
export interface GivenDestination {
  readonly kind: Destination['kind']
  readonly reference: unknown
}

/** The settings of an event that name its destination. */
interface DestinationSettings {
  readonly topic: string
  readonly onFailureDestination?: string
  readonly destinations?: { readonly onFailure: unknown }
}

/** An invalid setting. `what` follows its name in the message. */
export interface Problem {
  readonly setting: string
  readonly what: string
}

type Resources = Readonly<Record<string, unknown>>

const ARN = /^arn:[\w-]+:(sqs|sns|s3):/

/** Rule 42: up to 249 characters, and the first is not a dot. */
const KAFKA = /^kafka:\/\/([\w-][\w.-]{0,248})$/

const MUST_BE = 'must be the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka://<topic>'

/** The resource property that becomes the last part of the ARN. */
const NAME_OF = { sqs: 'QueueName', sns: 'TopicName', s3: 'BucketName' } as const

/** Returns what is wrong with the destination of an event, if anything. Rules 42, 43. */
export function destinationProblem(settings: DestinationSettings): Problem | undefined {
  const { setting, value } = asWritten(settings)
  if (value === undefined) return undefined
  if (settings.onFailureDestination !== undefined && settings.destinations !== undefined) {
    return { setting, what: 'must not be set together with destinations.onFailure: they mean the same' }
  }
  const given = parse(value)
  if (!given) return { setting, what: `${MUST_BE}, not ${show(value)}` }
  if (given.kind === 'kafka' && topicOf(given) === settings.topic) {
    const what = `must not be ${show(value)}: the topic that the function reads; failed records would be delivered to it again, endlessly`
    return { setting, what }
  }
  return undefined
}

/** The destination of an event whose settings were checked. An empty text means none. */
export function givenDestination(settings: DestinationSettings): GivenDestination | undefined {
  const { value } = asWritten(settings)
  return value === undefined ? undefined : parse(value)
}

/**
 * The destination to use locally. A reference to a resource of this service is resolved by the name of that resource;
 * the result is undefined where the resource has no name.
 */
export function localDestination(
  given: GivenDestination,
  { resources, region }: { readonly resources: Resources; readonly region: string },
): Destination | undefined {
  const { kind, reference } = given
  if (kind === 'kafka') return { kind, topic: topicOf(given) }
  if (typeof reference === 'string') return { kind, arn: reference }
  const resource = resources[logicalId(reference) ?? '']
  const properties = isObject(resource) && isObject(resource.Properties) ? resource.Properties : {}
  const name = properties[NAME_OF[kind]]
  if (typeof name !== 'string') return undefined
  return {
    kind,
    arn: kind === 's3' ? `arn:aws:s3:::${name}` : `arn:aws:${kind}:${region}:000000000000:${name}`,
  }
}

/**
 * The destination can be set under the name of the framework's `kafka` event or under the name of its `stream` event.
 */
function asWritten({ onFailureDestination, destinations }: DestinationSettings): {
  setting: string
  value: unknown
} {
  const [setting, value] =
    onFailureDestination === undefined
      ? ['destinations.onFailure', destinations?.onFailure]
      : ['onFailureDestination', onFailureDestination]
  return { setting, value: value === '' || value === null ? undefined : value }
}

function parse(value: unknown): GivenDestination | undefined {
  if (typeof value === 'string') {
    if (KAFKA.test(value)) return { kind: 'kafka', reference: value }
    const kind = ARN.exec(value)?.[1] as GivenDestination['kind'] | undefined
    return kind && { kind, reference: value }
  }
  if (!isObject(value) || Object.keys(value).some(key => key !== 'arn' && key !== 'type')) return undefined
  const { arn, type } = value
  if (typeof arn === 'string') return parse(arn)
  const isNamed = type === 'sqs' || type === 'sns' || type === 's3'
  return isObject(arn) && isNamed ? { kind: type, reference: arn } : undefined
}

function topicOf({ reference }: GivenDestination): string {
  return KAFKA.exec(String(reference))?.[1] ?? ''
}

/** The logical id in `Ref: Queue` and in `Fn::GetAtt: [Queue, Arn]`. */
function logicalId(reference: unknown): string | undefined {
  if (!isObject(reference)) return undefined
  const attribute = reference['Fn::GetAtt']
  const [id] = Array.isArray(attribute) ? attribute : String(attribute ?? reference.Ref).split('.')
  return id
}
