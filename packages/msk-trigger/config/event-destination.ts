import { show } from '../support/config-values.ts'
import { ConfigurationError } from '../support/serverless.ts'
import {
  DESTINATION_KINDS,
  type Destination,
  givenDestination,
  parseDestination,
} from './destination-setting.ts'
import { describeEvent, type EventSettings, type KafkaEvent, type ReadEvent } from './event-settings.ts'
import {
  findDestinationKind,
  findResourceType,
  isFifoResource,
  type ResourceContext,
  referredResource,
  resolveText,
} from './resources.ts'

/** Destination of an event's failed records, resolved as far as possible without CloudFormation. */
export interface EventDestination {
  readonly kind: Destination['kind']
  /** Reference in the template: an ARN, `kafka://topic`, or an intrinsic function that returns one of them. */
  readonly reference: unknown
  /** Resolved destination; undefined if its name can be resolved only by CloudFormation. */
  readonly local: Destination | undefined
}

/**
 * Returns the destination of an event. Its kind follows from the ARN, or from the type of the referenced resource.
 *
 * @throws ConfigurationError if the kind is not supported
 */
export function resolveDestination(event: ReadEvent, context: ResourceContext): EventDestination | undefined {
  const configuredDestination = givenDestination(event.settings.onFailureDestination)
  if (!configuredDestination) return undefined
  const wrong = (what: string) =>
    new ConfigurationError(
      `onFailureDestination of the ${describeEvent(event)} is ${show(configuredDestination.reference)}, ${what}`,
    )
  const id = referredResource(configuredDestination.reference)
  const fifo = findFifoFault(event, context)
  if (fifo !== undefined) throw new ConfigurationError(fifo)
  const type = id === undefined ? undefined : findResourceType(id, context)
  const ofResource = type === undefined ? undefined : findDestinationKind(type)
  if (type !== undefined && !ofResource)
    throw wrong(`which is of the type ${type}; it must be ${DESTINATION_KINDS}`)
  // In CloudFormation, `Ref` returns the ARN of a topic, but the URL of a queue and the name of a bucket.
  const isNoArn =
    'Ref' in Object(configuredDestination.reference) && (ofResource === 'sqs' || ofResource === 's3')
  const reference = isNoArn ? { 'Fn::GetAtt': [id, 'Arn'] } : configuredDestination.reference
  const text = resolveText(reference, context) ?? undefined
  const local = text === undefined ? undefined : parseDestination(text)
  if (text !== undefined && !local)
    throw wrong(`which is ${show(text)} here; it must be ${DESTINATION_KINDS}`)
  const kind = local?.kind ?? ofResource ?? configuredDestination.type
  if (kind === undefined)
    throw wrong('which only CloudFormation can resolve: write { arn, type } with the type sqs, sns or s3')
  if (configuredDestination.type !== undefined && configuredDestination.type !== kind)
    throw wrong(`which is of the type ${kind}, not ${configuredDestination.type}`)
  return { kind, reference, local }
}

/** Returns an error message for a FIFO queue or topic as destination; undefined for another destination. See rule 50 in `RULES.md`. */
export function findFifoFault(kafkaEvent: KafkaEvent, context: ResourceContext): string | undefined {
  const reference = givenDestination(kafkaEvent.event.onFailureDestination)?.reference
  const isFifo =
    resolveText(reference, context)?.endsWith('.fifo') || isFifoResource(referredResource(reference), context)
  if (!isFifo) return undefined
  return `onFailureDestination of the ${describeEvent(kafkaEvent)} is ${show(reference)}, which is FIFO: Lambda sends discarded records to standard queues and topics only`
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
