import { check, custom, pipe, string } from 'valibot'
import { isObject } from '../support/values.ts'
import type { Destination } from './destination.ts'
import { must, settingsMap } from './setting-errors.ts'

/** A destination as configured: `reference` is an ARN, `kafka://topic`, or a reference that CloudFormation resolves. */
export interface GivenDestination {
  readonly kind: Destination['kind']
  readonly reference: unknown
}

/** The settings of an event that name its destination. */
interface DestinationSettings {
  readonly onFailureDestination?: unknown
  readonly destinations?: { readonly onFailure?: unknown }
}

type Resources = Readonly<Record<string, unknown>>

const ARN = /^arn:[\w-]+:(sqs|sns|s3):/

/** Rule 42: up to 249 characters, and the first is not a dot. */
const KAFKA = /^kafka:\/\/([\w-][\w.-]{0,248})$/

const DESTINATION_KINDS = 'the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka://<topic>'

/** The resource property that becomes the last part of the ARN. */
const NAME_OF = { sqs: 'QueueName', sns: 'TopicName', s3: 'BucketName' } as const

/** Under the name of the framework's `kafka` event: a text. */
export const ON_FAILURE_DESTINATION = pipe(
  string(must('a text')),
  check<string, ReturnType<typeof must>>(isDestination, must(DESTINATION_KINDS)),
)

/** Under the name of the framework's `stream` event. */
export const DESTINATIONS = settingsMap({
  onFailure: custom<unknown>(isDestination, must(DESTINATION_KINDS)),
})

/** Whether this destination is the topic that the function reads (rule 43). */
export function readsFrom(topic: string, destination: unknown): boolean {
  const given = isNone(destination) ? undefined : parse(destination)
  return given?.kind === 'kafka' && topicOf(given) === topic
}

/** The destination of an event whose settings were checked. */
export function givenDestination(settings: DestinationSettings): GivenDestination | undefined {
  const value = settings.onFailureDestination ?? settings.destinations?.onFailure
  return isNone(value) ? undefined : parse(value)
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

/** An empty text and null mean none. */
function isDestination(value: unknown): boolean {
  return value === '' || value === null || parse(value) !== undefined
}

function isNone(value: unknown): boolean {
  return value === undefined || value === null || value === ''
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
