import type { Serverless } from '../support/framework.ts'

/**
 * Settings that both events lack, under the names of the framework's `stream` event. The schema only lets them pass:
 * each setting is checked in one place, with one message, whatever `configValidationMode` says.
 */
const MISSING = {
  functionResponseType: {},
  maximumRetryAttempts: {},
  maximumRecordAgeInSeconds: {},
  bisectBatchOnFunctionError: {},
  destinations: {},
  schemaRegistryConfig: {},
}

/** Makes the framework accept these settings on its `msk` and `kafka` events. */
export function extendEventSchemas(schema: Serverless['configSchemaHandler']): void {
  const known = schema.schema?.definitions?.mskProvisionedPollerConfig?.properties
  // Rule 18: the framework allows 1000 for `msk` and 2000 for `kafka`.
  if (known?.maximumPollers) known.maximumPollers.maximum = 2000
  // The `kafka` event already has `onFailureDestination`.
  schema.defineFunctionEventProperties('aws', 'msk', { properties: { ...MISSING, onFailureDestination: {} } })
  schema.defineFunctionEventProperties('aws', 'kafka', { properties: MISSING })
  schema.defineCustomProperties({ properties: { mskTrigger: { type: 'object' } } })
}
