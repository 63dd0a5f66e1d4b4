import type { Serverless } from '../support/serverless.ts'

type SchemaHandler = Serverless['configSchemaHandler']
type Schema = NonNullable<SchemaHandler['schema']>

/**
 * Settings that this plugin allows on `msk` and `kafka` events, named as in the framework's `stream` and `kafka` events. The schema
 * accepts any value, because the plugin validates each setting itself, regardless of `configValidationMode`.
 */
const OURS = [
  'functionResponseType',
  'maximumRetryAttempts',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'onFailureDestination',
  'schemaRegistryConfig',
  'provisionedPollerConfig',
  'startingPosition',
  'startingPositionTimestamp',
] as const

/** Extends the framework's schemas of `msk` and `kafka` events, so that the framework accepts these settings. */
export function extendEventSchemas(handler: SchemaHandler): void {
  extend(handler, 'msk')
  extend(handler, 'kafka')
  handler.defineCustomProperties({ properties: { mskTrigger: { type: 'object' } } })
}

function extend(handler: SchemaHandler, kind: 'msk' | 'kafka'): void {
  const definedNames = new Set<string>()
  for (const name of OURS) {
    try {
      handler.defineFunctionEventProperties('aws', kind, { properties: { [name]: {} } })
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'SCHEMA_COLLISION') throw error
      definedNames.add(name)
    }
  }
  // The framework's own schemas allow fewer values than Lambda, and only text for destinations. See rules 18, 34 and 42 in
  // `RULES.md`.
  const properties = eventProperties(handler.schema, kind)
  if (properties) for (const name of definedNames) properties[name] = {}
}

/**
 * Returns the framework's schemas of an event's settings. They are not a public API: if their structure has changed, the result is
 * undefined and the framework's restrictions remain.
 */
function eventProperties(schema: Schema | undefined, kind: string): Record<string, object> | undefined {
  const [definition] = Object.values(schema?.properties?.functions?.patternProperties ?? {})
  const event = definition?.properties?.events?.items?.anyOf?.find(({ properties }) => properties?.[kind])
  return event?.properties?.[kind]?.properties
}
