import type { Serverless } from '../support/framework.ts'

type SchemaHandler = Serverless['configSchemaHandler']
type Schema = NonNullable<SchemaHandler['schema']>

/**
 * Settings of both events, under the names of the framework's `stream` and `kafka` events. Each is checked in one place,
 * with one message, whatever `configValidationMode` says, so the schema lets everything pass. Which of them a framework
 * has differs by its version: Serverless 3 lacks most of them, and osls 3 has some in one event only.
 */
const OURS = [
  'functionResponseType',
  'maximumRetryAttempts',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'onFailureDestination',
  'destinations',
  'schemaRegistryConfig',
  'provisionedPollerConfig',
  'startingPosition',
  'startingPositionTimestamp',
] as const

export interface FrameworkEvents {
  /** Whether its `msk` event has `provisionedPollerConfig`; Serverless 3 has not. */
  readonly hasProvisionedMode: boolean
}

/** Makes the framework accept these settings on its `msk` and `kafka` events. */
export function extendEventSchemas(handler: SchemaHandler): FrameworkEvents {
  const known = { msk: extend(handler, 'msk'), kafka: extend(handler, 'kafka') }
  handler.defineCustomProperties({ properties: { mskTrigger: { type: 'object' } } })
  return { hasProvisionedMode: known.msk.has('provisionedPollerConfig') }
}

/** Returns which settings the framework has itself. */
function extend(handler: SchemaHandler, kind: 'msk' | 'kafka'): ReadonlySet<string> {
  const known = new Set<string>()
  for (const name of OURS) {
    try {
      handler.defineFunctionEventProperties('aws', kind, { properties: { [name]: {} } })
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'SCHEMA_COLLISION') throw error
      known.add(name)
    }
  }
  // Rules 18, 34, 42: the framework's own schemas allow less than Lambda, and nothing but texts as destinations.
  const properties = eventProperties(handler.schema, kind)
  if (properties) for (const name of known) properties[name] = {}
  // `nameClusters` lets the framework package every reference.
  if (properties?.arn) properties.arn = {}
  return known
}

/** The framework's schemas of an event's settings. Not public API: where it has another form, its own bounds stay. */
function eventProperties(schema: Schema | undefined, kind: string): Record<string, object> | undefined {
  const [definition] = Object.values(schema?.properties?.functions?.patternProperties ?? {})
  const event = definition?.properties?.events?.items?.anyOf?.find(({ properties }) => properties?.[kind])
  return event?.properties?.[kind]?.properties
}
