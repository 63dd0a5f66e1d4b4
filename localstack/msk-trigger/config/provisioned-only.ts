import type { EventDestination } from './event-destination.ts'
import type { EventSettings } from './event-settings.ts'

/** Rules 15, 25. */
const SETTINGS = [
  'functionResponseType',
  'maximumRetryAttempts',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'schemaRegistryConfig',
] as const

/**
 * What an event has of the settings that exist in provisioned mode only, although it is not in that mode; AWS rejects
 * such a mapping. Rules 15, 25, 43.
 */
export function outsideProvisionedMode(
  settings: EventSettings,
  destination: Pick<EventDestination, 'kind'> | undefined,
): string[] {
  if (settings.provisionedPollerConfig) return []
  const names: string[] = SETTINGS.filter(name => settings[name] !== undefined)
  return destination?.kind === 'kafka' ? [...names, 'a Kafka topic as destination'] : names
}
