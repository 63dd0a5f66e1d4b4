import type { Serverless } from '../support/framework.ts'

type SchemaHandler = Serverless['configSchemaHandler']
type Schema = NonNullable<SchemaHandler['schema']>

/**
 * Settings that this plugin allows on `msk` and `kafka` events, named as in the framework's `stream` and `kafka` events. The schema
 * accepts any value, because the plugin validates each setting itself, regardless of `configValidationMode`. Frameworks support
 * different subsets: Serverless 3 lacks most of these settings, and osls 3 has some of them on one event only.
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
  /** True if the framework's `msk` event supports `provisionedPollerConfig`, which Serverless 3 does not. */
  readonly hasProvisionedMode: boolean
}

/** Extends the framework's schemas of `msk` and `kafka` events, so that the framework accepts these settings. */
export function extendEventSchemas(handler: SchemaHandler): FrameworkEvents {
  const known = { msk: extend(handler, 'msk'), kafka: extend(handler, 'kafka') }
  handler.defineCustomProperties({ properties: { mskTrigger: { type: 'object' } } })
  return { hasProvisionedMode: known.msk.has('provisionedPollerConfig') }
}

/** Extends the schema of an event. Returns the names of the settings that the framework already supports. */
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
  // The framework's own schemas allow fewer values than Lambda, and only text for destinations. See rules 18, 34 and 42 in
  // `RULES.md`.
  const properties = eventProperties(handler.schema, kind)
  if (properties) for (const name of known) properties[name] = {}
  // Accept any reference to a cluster: `nameClusters` makes it possible to package all of them.
  if (properties?.arn) properties.arn = {}
  return known
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
