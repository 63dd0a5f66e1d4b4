import { givenDestination } from './destination-setting.ts'
import {
  type EventSettings,
  type KafkaEvent,
  kafkaEvents,
  nameOf,
  readEventSettings,
} from './event-settings.ts'
import { ConfigurationError, type FunctionDefinition, type Provider, type Template } from './framework.ts'
import type { RegistrySettings } from './registry/config.ts'

/**
 * Writes what the framework leaves out into the event source mappings of the compiled template, so that the deployed
 * mapping agrees with the local one.
 *
 * @throws ConfigurationError for a setting that is wrong, or if the template lacks the mapping of an event.
 */
export function writeMappings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  template: Template,
  naming: Provider['naming'],
): void {
  for (const kafkaEvent of kafkaEvents(functions)) {
    const settings = readEventSettings(kafkaEvent)
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

/** The properties that are ours to write. What was not set is left to Lambda's own default. */
function mappingProperties(settings: EventSettings): Readonly<Record<string, unknown>> {
  const destination = givenDestination(settings)
  const properties = {
    // The framework writes every window but 0, which then became Lambda's 500 ms (rules 3, 5).
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

function registryProperty({ schemaRegistryConfig }: EventSettings): object | undefined {
  if (!schemaRegistryConfig) return undefined
  const config = schemaRegistryConfig as unknown as RegistrySettings
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

/** The registry shares its property with the consumer group, which the framework has written. */
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

/** The framework's way to name a cluster inside a logical id. */
function clusterName(arn: unknown): string {
  const reference = arn as { readonly 'Fn::ImportValue'?: string; readonly Ref?: string }
  return reference['Fn::ImportValue'] ?? reference.Ref ?? String(arn).split('/')[1] ?? ''
}
