import { type EventDestination, resolveDestination } from '../config/event-destination.ts'
import {
  describeEvent,
  type EventSettings,
  kafkaEvents,
  type ReadEvent,
  readEvents,
} from '../config/event-settings.ts'
import { NOTHING_KNOWN, type ResourceContext } from '../config/resources.ts'
import { isObject } from '../support/config-values.ts'
import {
  ConfigurationError,
  type FunctionDefinition,
  type Provider,
  type Template,
} from '../support/serverless.ts'

/**
 * Writes settings that the framework ignores into the compiled template.
 *
 * @throws ConfigurationError if the template does not contain the mapping of an event
 */
export function writeMappings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  template: Template,
  naming: Provider['naming'],
  context: ResourceContext = NOTHING_KNOWN,
): void {
  for (const [id, kafkaEvent] of writtenEvents(functions, naming)) {
    const { settings } = kafkaEvent
    const properties = ownProperties(settings, resolveDestination(kafkaEvent, context))
    const registry = registryProperty(settings)
    const pollerGroup = settings.provisionedPollerConfig?.pollerGroupName
    if (Object.keys(properties).length === 0 && !registry && pollerGroup === undefined) continue
    const resource = template.Resources[id]
    if (!resource)
      throw new ConfigurationError(
        `the settings of the ${describeEvent(kafkaEvent)} cannot be written: the template has no resource ${id}`,
      )
    Object.assign(resource.Properties, properties)
    if (pollerGroup !== undefined)
      addTo(resource.Properties, 'ProvisionedPollerConfig', { PollerGroupName: pollerGroup })
    const source =
      kafkaEvent.kind === 'msk' ? 'AmazonManagedKafkaEventSourceConfig' : 'SelfManagedKafkaEventSourceConfig'
    if (registry) addTo(resource.Properties, source, { SchemaRegistryConfig: registry })
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
      `the ${describeEvent(event)} for topic ${event.settings.topic} is not deployed: the framework gives its mapping the ` +
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

/** Returns the properties that only this plugin writes. If a setting is absent, Lambda's default applies. */
function ownProperties(settings: EventSettings, destination: EventDestination | undefined): object {
  const properties = {
    // The framework omits a window of 0, which Lambda would then treat as its default of 500 ms (rules 3 and 5 in `RULES.md`).
    MaximumBatchingWindowInSeconds: settings.maximumBatchingWindow,
    StartingPositionTimestamp: settings.startingPositionTimestamp,
    DestinationConfig: destination && { OnFailure: { Destination: destination.reference } },
    FunctionResponseTypes: settings.functionResponseType && [settings.functionResponseType],
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: settings.maximumRecordAgeInSeconds,
    BisectBatchOnFunctionError: settings.bisectBatchOnFunctionError,
  }
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

/** Adds to a property that the framework may have written. */
function addTo(properties: Record<string, unknown>, name: string, more: object): void {
  properties[name] = { ...(properties[name] as object | undefined), ...more }
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
