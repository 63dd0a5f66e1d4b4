import type { Serverless } from '../support/framework.ts'

/**
 * Settings that the frameworks lack, under the names of their `stream` event. The schema only lets them pass: each setting is
 * checked in one place, with one message, whatever `configValidationMode` says.
 */
const SETTINGS = [
  'functionResponseType',
  'maximumRetryAttempts',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'onFailureDestination',
  'destinations',
  'schemaRegistryConfig',
]

/** Makes the framework accept these settings on its `msk` and `kafka` events. */
export function extendEventSchemas(schema: Serverless['configSchemaHandler']): void {
  const known = schema.schema?.definitions?.mskProvisionedPollerConfig?.properties
  // Rule 18: the framework allows 1000 for `msk` and 2000 for `kafka`.
  if (known?.maximumPollers) known.maximumPollers.maximum = 2000
  for (const event of ['msk', 'kafka']) for (const name of SETTINGS) accept(schema, event, name)
  schema.defineCustomProperties({ properties: { mskTrigger: { type: 'object' } } })
}

/** Frameworks differ in the settings that they have. One that is there keeps the framework's own schema. */
function accept(schema: Serverless['configSchemaHandler'], event: string, name: string): void {
  try {
    schema.defineFunctionEventProperties('aws', event, { properties: { [name]: {} } })
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'SCHEMA_COLLISION') throw error
  }
}
