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
  /** True if the plugin omits settings of provisioned mode from the mapping of an event without provisioned mode. */
  readonly leavesOut?: boolean
}

/**
 * Writes settings that the framework ignores into the compiled template.
 *
 * @throws ConfigurationError if the template does not contain the mapping of an event
 */
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

/**
 * Returns warnings about events whose mappings have the same logical id, one line each. The framework writes only the last mapping
 * of each id.
 */
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
        `same name as that for topic ${last.settings.topic}. Move one of them to a separate function`,
    ]
  })
}

/** Returns the events for which the framework has written a mapping, by logical id. */
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

/** Returns the properties that this plugin writes for every mapping. If a setting is absent, Lambda's default applies. */
function basicProperties(settings: EventSettings, destination: EventDestination | undefined): object {
  return present({
    // The framework omits a window of 0, which Lambda would then treat as its default of 500 ms (rules 3 and 5 in `RULES.md`).
    MaximumBatchingWindowInSeconds: settings.maximumBatchingWindow,
    StartingPositionTimestamp: settings.startingPositionTimestamp,
    DestinationConfig: destination && { OnFailure: { Destination: destination.reference } },
  })
}

/**
 * Returns the properties of provisioned mode (rules 15, 18 and 25 in `RULES.md`). They include the pollers, which Serverless 3 does
 * not write.
 */
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

/** Adds the registry to the property that the framework has already written for the consumer group. */
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

/** Returns the name of a cluster that the framework uses in logical ids. */
function clusterName(arn: unknown): string {
  if (!isObject(arn)) return String(arn).split('/')[1] ?? ''
  return String(arn['Fn::ImportValue'] ?? arn.Ref ?? '')
}

/** Name for a cluster whose real name can be resolved only by CloudFormation. */
const UNKNOWN = 'Cluster'

/**
 * Adds names to references to clusters. Without a name, the framework would crash.
 *
 * @returns a function that removes the names
 * @throws ConfigurationError if the setting is neither an ARN nor a reference to one
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
    // Make the property non-enumerable, so that it is not written to the template.
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
