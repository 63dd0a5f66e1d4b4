import { givenDestination } from '../config/destination-setting.ts'
import {
  type EventSettings,
  type KafkaEvent,
  kafkaEvents,
  nameOf,
  readEvents,
} from '../config/event-settings.ts'
import {
  ConfigurationError,
  type FunctionDefinition,
  type Provider,
  type Template,
} from '../support/framework.ts'

/**
 * Writes the settings that the framework omits into the event source mappings of the compiled template, so that the
 * deployed mapping agrees with the local one.
 *
 * @throws ConfigurationError for an invalid setting, or if the template lacks the mapping of an event.
 */
export function writeMappings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  template: Template,
  naming: Provider['naming'],
): void {
  for (const kafkaEvent of readEvents(kafkaEvents(functions))) {
    const { settings } = kafkaEvent
    const properties = mappingProperties(settings)
    const registry = registryProperty(settings)
    if (Object.keys(properties).length === 0 && !registry) continue
    const id = logicalId(kafkaEvent, settings, naming)
    const resource = template.Resources[id]
    if (!resource) {
      throw new ConfigurationError(
        `the settings of the ${nameOf(kafkaEvent)} cannot be written: the template has no resource ${id}`,
      )
    }
    Object.assign(resource.Properties, properties)
    if (registry) addRegistry(resource.Properties, kafkaEvent.kind, registry)
  }
}

/** The properties that this plugin writes. Settings that are absent keep Lambda's defaults. */
function mappingProperties(settings: EventSettings): Readonly<Record<string, unknown>> {
  const destination = givenDestination(settings)
  const properties = {
    // The framework writes every window except 0, which would then become Lambda's 500 ms (rules 3, 5).
    MaximumBatchingWindowInSeconds: settings.maximumBatchingWindow,
    StartingPositionTimestamp: settings.startingPositionTimestamp,
    FunctionResponseTypes: settings.functionResponseType && [settings.functionResponseType],
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: settings.maximumRecordAgeInSeconds,
    BisectBatchOnFunctionError: settings.bisectBatchOnFunctionError,
    DestinationConfig: destination && { OnFailure: { Destination: destination.reference } },
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

/** The registry shares a property with the consumer group, which the framework has written. */
function addRegistry(properties: Record<string, unknown>, kind: KafkaEvent['kind'], registry: object): void {
  const property =
    kind === 'msk' ? 'AmazonManagedKafkaEventSourceConfig' : 'SelfManagedKafkaEventSourceConfig'
  properties[property] = { ...(properties[property] as object | undefined), SchemaRegistryConfig: registry }
}

function logicalId(
  { functionKey, kind, event }: KafkaEvent,
  { topic }: EventSettings,
  naming: Provider['naming'],
): string {
  return kind === 'msk'
    ? naming.getMSKEventLogicalId(functionKey, clusterName(event.arn), topic)
    : naming.getKafkaEventLogicalId(functionKey, topic)
}

/** How the framework names a cluster inside a logical id. */
function clusterName(arn: unknown): string {
  const reference = arn as { readonly 'Fn::ImportValue'?: string; readonly Ref?: string }
  return reference['Fn::ImportValue'] ?? reference.Ref ?? String(arn).split('/')[1] ?? ''
}
