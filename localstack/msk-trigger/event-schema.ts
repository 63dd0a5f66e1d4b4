import type { Serverless } from './framework.ts'

/**
 * What both events lack, under the names that the framework's `stream` event has for it. The schema only lets the
 * settings through: each is checked in one place, with one message, whatever `configValidationMode` says.
 */
const MISSING = {
  functionResponseType: {},
  maximumRetryAttempts: {},
  maximumRecordAgeInSeconds: {},
  bisectBatchOnFunctionError: {},
  destinations: {},
  schemaRegistryConfig: {},
}

/** Lets the framework accept the settings on its `msk` and `kafka` events. */
export function extendEventSchemas(schema: Serverless['configSchemaHandler']): void {
  const known = schema.schema?.definitions?.mskProvisionedPollerConfig?.properties
  // Rule 18: the framework draws the line at 1000 for `msk`, and at 2000 for `kafka`.
  if (known?.maximumPollers) known.maximumPollers.maximum = 2000
  // The `kafka` event has this one already.
  schema.defineFunctionEventProperties('aws', 'msk', { properties: { ...MISSING, onFailureDestination: {} } })
  schema.defineFunctionEventProperties('aws', 'kafka', { properties: MISSING })
  schema.defineCustomProperties({ properties: { mskTrigger: { type: 'object' } } })
}
