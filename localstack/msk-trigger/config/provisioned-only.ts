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

/** Returns the settings that AWS rejects on an event which is not in provisioned mode. Rules 15, 25, 43. */
export function outsideProvisionedMode(
  settings: EventSettings,
  destination: Pick<EventDestination, 'kind'> | undefined,
): string[] {
  if (settings.provisionedPollerConfig) return []
  const names: string[] = SETTINGS.filter(name => settings[name] !== undefined)
  return destination?.kind === 'kafka' ? [...names, 'a Kafka topic as destination'] : names
}
