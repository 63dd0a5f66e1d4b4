import { destinationOf, type EventDestination, outsideProvisionedMode } from '../config/event-destination.ts'
import {
  type EventSettings,
  type KafkaEvent,
  kafkaEvents,
  nameOf,
  type ReadEvent,
  readEvents,
} from '../config/event-settings.ts'
import {
  type IntrinsicContext,
  isIntrinsic,
  NOTHING_KNOWN,
  referredResource,
  resolveIntrinsics,
} from '../config/intrinsics.ts'
import {
  ConfigurationError,
  type FunctionDefinition,
  type Provider,
  type Template,
} from '../support/framework.ts'
import { isObject, show } from '../support/values.ts'

interface TemplateFacts {
  readonly intrinsics?: IntrinsicContext
  /** Whether settings of provisioned mode are left out of the mapping of an event that is not in that mode. */
  readonly leavesOut?: boolean
}

/** Writes the settings that the framework omits into the compiled template. @throws ConfigurationError if it lacks a mapping */
export function writeMappings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  template: Template,
  naming: Provider['naming'],
  { intrinsics = NOTHING_KNOWN, leavesOut = false }: TemplateFacts = {},
): void {
  for (const [id, kafkaEvent] of writtenEvents(functions, naming)) {
    const destination = destinationOf(kafkaEvent, intrinsics)
    const { settings } = kafkaEvent
    const isLeftOut = leavesOut && outsideProvisionedMode(settings, destination).length > 0
    const properties = {
      ...basicProperties(settings, destination?.kind === 'kafka' && isLeftOut ? undefined : destination),
      ...(!isLeftOut && provisionedProperties(settings)),
    }
    const registry = isLeftOut ? undefined : registryProperty(settings)
    if (Object.keys(properties).length === 0 && !registry && !isLeftOut) continue
    const Properties = propertiesOf(id, kafkaEvent, template)
    Object.assign(Properties, properties)
    if (isLeftOut && destination?.kind === 'kafka') delete Properties.DestinationConfig
    if (registry) addRegistry(Properties, kafkaEvent.kind, registry)
  }
}

/** Warnings about events whose mappings get the same logical id, a line each: of these the framework writes the last one only. */
export function lostMappings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  naming: Provider['naming'],
): string[] {
  const written = writtenEvents(functions, naming)
  const events = readEvents(kafkaEvents(functions))
  return events.flatMap(event => {
    const last = written.get(logicalId(event, naming))
    if (!last || last.event === event.event) return []
    return [
      `the ${nameOf(event)} for topic ${event.settings.topic} is not deployed: the framework gives its mapping the ` +
        `same name as that for topic ${last.settings.topic}. Move one of them to a function of its own`,
    ]
  })
}

/** The events that the framework writes, by the logical ids of their mappings. */
function writtenEvents(
  functions: Readonly<Record<string, FunctionDefinition>>,
  naming: Provider['naming'],
): ReadonlyMap<string, ReadEvent> {
  return new Map(readEvents(kafkaEvents(functions)).map(event => [logicalId(event, naming), event]))
}

function propertiesOf(id: string, event: ReadEvent, template: Template): Record<string, unknown> {
  const resource = template.Resources[id]
  if (resource) return resource.Properties
  throw new ConfigurationError(
    `the settings of the ${nameOf(event)} cannot be written: the template has no resource ${id}`,
  )
}

/** The properties that this plugin writes for any mapping. Settings that are absent keep Lambda's defaults. */
function basicProperties(settings: EventSettings, destination: EventDestination | undefined): object {
  return present({
    // The framework writes every window except 0, which would then become Lambda's 500 ms (rules 3, 5).
    MaximumBatchingWindowInSeconds: settings.maximumBatchingWindow,
    StartingPositionTimestamp: settings.startingPositionTimestamp,
    DestinationConfig: destination && { OnFailure: { Destination: destination.reference } },
  })
}

/** Rules 15, 18, 25. Serverless 3 does not write the pollers itself. */
function provisionedProperties(settings: EventSettings): object {
  const { provisionedPollerConfig: pollers } = settings
  return present({
    ProvisionedPollerConfig:
      pollers &&
      present({
        MinimumPollers: pollers.minimumPollers,
        MaximumPollers: pollers.maximumPollers,
        PollerGroupName: pollers.pollerGroupName,
      }),
    FunctionResponseTypes: settings.functionResponseType && [settings.functionResponseType],
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: settings.maximumRecordAgeInSeconds,
    BisectBatchOnFunctionError: settings.bisectBatchOnFunctionError,
  })
}

function present(properties: object): object {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))
}

function registryProperty({ schemaRegistryConfig: config }: EventSettings): object | undefined {
  if (!config) return undefined
  return {
    SchemaRegistryURI: config.schemaRegistryURI,
    EventRecordFormat: config.eventRecordFormat,
    SchemaValidationConfigs: config.schemaValidationConfigs.map(({ attribute }) => ({
      Attribute: attribute,
    })),
    ...(config.accessConfigs && {
      AccessConfigs: config.accessConfigs.map(({ type, uri }) => ({ Type: type, URI: uri })),
    }),
  }
}

/** The registry shares a property with the consumer group, which the framework has written. */
function addRegistry(properties: Record<string, unknown>, kind: KafkaEvent['kind'], registry: object): void {
  const property =
    kind === 'msk' ? 'AmazonManagedKafkaEventSourceConfig' : 'SelfManagedKafkaEventSourceConfig'
  properties[property] = { ...(properties[property] as object | undefined), SchemaRegistryConfig: registry }
}

function logicalId({ functionKey, kind, event, settings }: ReadEvent, naming: Provider['naming']): string {
  return kind === 'msk'
    ? naming.getMSKEventLogicalId(functionKey, clusterName(event.arn), settings.topic)
    : naming.getKafkaEventLogicalId(functionKey, settings.topic)
}

/** How the framework names a cluster inside a logical id. */
function clusterName(arn: unknown): string {
  if (!isObject(arn)) return String(arn).split('/')[1] ?? ''
  return String(arn['Fn::ImportValue'] ?? arn.Ref ?? '')
}

/** The name of a cluster that only CloudFormation knows. */
const UNKNOWN = 'Cluster'

/**
 * Gives references to clusters a name, at which the framework would crash.
 *
 * @returns removes these names
 * @throws ConfigurationError
 */
export function nameClusters(
  functions: Readonly<Record<string, FunctionDefinition>>,
  intrinsics: IntrinsicContext,
): () => void {
  const named: object[] = []
  for (const kafkaEvent of kafkaEvents(functions)) {
    const { kind, event } = kafkaEvent
    const { arn } = event
    if (kind !== 'msk' || isNamed(arn)) continue
    if (!isIntrinsic(arn))
      throw new ConfigurationError(
        `arn of the ${nameOf(kafkaEvent)} must be the ARN of a cluster, or a reference to one, not ${show(arn)}: ` +
          'without it the event can be read locally, but not deployed',
      )
    // Defined as not enumerable, so that it is not written.
    Object.defineProperty(arn, 'Ref', { value: nameIn(arn, intrinsics), configurable: true })
    named.push(arn)
  }
  return () => {
    for (const arn of named) Reflect.deleteProperty(arn, 'Ref')
  }
}

function isNamed(arn: unknown): boolean {
  if (typeof arn === 'string') return Boolean(arn.split('/')[1])
  return isObject(arn) && (typeof arn.Ref === 'string' || typeof arn['Fn::ImportValue'] === 'string')
}

function nameIn(arn: object, intrinsics: IntrinsicContext): string {
  const known = resolveIntrinsics(arn, intrinsics)
  const name = typeof known === 'string' ? known.split('/')[1] : referredResource(arn)
  return name || UNKNOWN
}
