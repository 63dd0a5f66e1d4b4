import { ConfigurationError } from '../support/framework.ts'
import { isObject, show } from '../support/values.ts'
import {
  DESTINATION_KINDS,
  type Destination,
  destinationIn,
  type GivenDestination,
  givenDestination,
} from './destination-setting.ts'
import { type EventSettings, nameOf, type ReadEvent } from './event-settings.ts'
import { type IntrinsicContext, referredResource, resolveIntrinsics } from './intrinsics.ts'

/** Destination of an event's failed records, resolved as far as possible without CloudFormation. */
export interface EventDestination extends Pick<GivenDestination, 'setting'> {
  readonly kind: Destination['kind']
  /** Reference in the template: an ARN, `kafka://topic`, or an intrinsic function that returns one of them. */
  readonly reference: unknown
  /** Resolved destination; undefined if its name can be resolved only by CloudFormation. */
  readonly local: Destination | undefined
}

type Kind = NonNullable<GivenDestination['type']>

const KIND_OF_TYPE: ReadonlyMap<string, Kind> = new Map([
  ['AWS::SQS::Queue', 'sqs'],
  ['AWS::SNS::Topic', 'sns'],
  ['AWS::S3::Bucket', 's3'],
])

/**
 * Matches the beginning of an ARN in `Fn::Sub`, which identifies the service even if the rest of the ARN cannot be resolved
 * locally.
 */
const SUBSTITUTED_ARN = /^arn:(?:\$\{AWS::Partition\}|[\w-]+):(sqs|sns|s3):/

/**
 * Returns the destination of an event. Its kind follows from the ARN, or from the type of the referenced resource.
 *
 * @throws ConfigurationError if the kind is not supported
 */
export function destinationOf(event: ReadEvent, context: IntrinsicContext): EventDestination | undefined {
  const given = givenDestination(event.settings)
  if (!given) return undefined
  const wrong = (what: string) =>
    new ConfigurationError(`${given.setting} of the ${nameOf(event)} is ${show(given.reference)}, ${what}`)
  const ofResource = kindOfResource(given.reference, context, wrong)
  const reference = toArn(given.reference, context)
  const text = resolveIntrinsics(reference, context)
  const local = typeof text === 'string' ? destinationIn(text) : undefined
  if (text !== undefined && !local)
    throw wrong(`which is ${show(text)} here; it must be ${DESTINATION_KINDS}`)
  const kind = local?.kind ?? ofResource ?? kindOfText(reference) ?? given.type
  if (kind === undefined) {
    throw wrong(
      'which only CloudFormation can resolve: write { arn, type } with the type sqs, sns or s3, ' +
        'or give the value of an import under custom.mskTrigger.importValues',
    )
  }
  if (given.type !== undefined && given.type !== kind)
    throw wrong(`which is of the type ${kind}, not ${given.type}`)
  return { setting: given.setting, kind, reference, local }
}

/**
 * Replaces `Ref` by the ARN of the resource. In CloudFormation, `Ref` returns the ARN of a topic, but the URL of a queue and the
 * name of a bucket.
 */
function toArn(reference: unknown, { resources }: IntrinsicContext): unknown {
  const id = isObject(reference) ? reference.Ref : undefined
  const kind = typeof id === 'string' ? KIND_OF_TYPE.get(typeOf(resources, id) ?? '') : undefined
  return kind === 'sqs' || kind === 's3' ? { 'Fn::GetAtt': [id, 'Arn'] } : reference
}

function kindOfResource(
  reference: unknown,
  { resources }: IntrinsicContext,
  wrong: (what: string) => ConfigurationError,
): Kind | undefined {
  const type = typeOf(resources, referredResource(reference) ?? '')
  if (type === undefined) return undefined
  const kind = KIND_OF_TYPE.get(type)
  if (!kind) throw wrong(`which is of the type ${type}; it must be ${DESTINATION_KINDS}`)
  return kind
}

function kindOfText(reference: unknown): Kind | undefined {
  const argument = isObject(reference) ? reference['Fn::Sub'] : undefined
  const [text] = Array.isArray(argument) ? argument : [argument]
  return SUBSTITUTED_ARN.exec(String(text))?.[1] as Kind | undefined
}

function typeOf(resources: IntrinsicContext['resources'], id: string): string | undefined {
  const resource = Object.hasOwn(resources, id) ? resources[id] : undefined
  return isObject(resource) && typeof resource.Type === 'string' ? resource.Type : undefined
}

/** Settings that require provisioned mode. See rules 15 and 25 in `RULES.md`. */
const SETTINGS = [
  'functionResponseType',
  'maximumRetryAttempts',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'schemaRegistryConfig',
] as const

/** Returns the settings that AWS rejects on an event without provisioned mode. See rules 15, 25 and 43 in `RULES.md`. */
export function outsideProvisionedMode(
  settings: EventSettings,
  destination: Pick<EventDestination, 'kind'> | undefined,
): string[] {
  if (settings.provisionedPollerConfig) return []
  const names: string[] = SETTINGS.filter(name => settings[name] !== undefined)
  return destination?.kind === 'kafka' ? [...names, 'a Kafka topic as destination'] : names
}
