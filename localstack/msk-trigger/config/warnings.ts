import { ConfigurationError, type FunctionDefinition } from '../support/framework.ts'
import { givenDestination } from './destination-setting.ts'
import {
  type EventSettings,
  type KafkaEvent,
  kafkaEvents,
  nameOf,
  type ReadEvent,
  readEvents,
} from './event-settings.ts'

/** Rule 10. */
const MAX_TIMEOUT_SECONDS = 14 * 60

/** CloudFormation's own minimum, which Lambda's API does not have: a topic name of four characters. */
const LEAST_DESTINATION = 'kafka://1234'.length

/** Rule 37: more need a raised quota. */
const FILTERS_WITHOUT_REQUEST = 5

/**
 * Warnings about settings that work locally and cause problems in the cloud, one line each, without the trigger's
 * prefix.
 *
 * @throws ConfigurationError for an invalid setting, or for destinations that form a cycle.
 */
export function cloudWarnings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  { timeout: defaultTimeout }: { readonly timeout?: number },
): string[] {
  const events = readEvents(kafkaEvents(functions))
  rejectCycles(events)
  return events.flatMap(event => {
    const { settings } = event
    const timeout = functions[event.functionKey]?.timeout ?? defaultTimeout
    return [
      ...provisionedOnly(event, settings),
      ...tooLong(event, timeout),
      ...manyFilters(event, settings),
      ...shortTopic(event, settings),
    ]
  })
}

/** Rules 15, 25, 43. */
function provisionedOnly(event: KafkaEvent, settings: EventSettings): string[] {
  if (settings.provisionedPollerConfig) return []
  const names = (
    [
      'functionResponseType',
      'maximumRetryAttempts',
      'maximumRecordAgeInSeconds',
      'bisectBatchOnFunctionError',
      'schemaRegistryConfig',
    ] as const
  ).filter(name => settings[name] !== undefined) as string[]
  if (givenDestination(settings)?.kind === 'kafka') names.push('a Kafka topic as destination')
  if (names.length === 0) return []
  return [
    `${nameOf(event)}: ${names.join(', ')} ${names.length > 1 ? 'exist' : 'exists'} in provisioned mode only: ` +
      'without provisionedPollerConfig, AWS rejects the mapping',
  ]
}

function tooLong(event: KafkaEvent, timeout: number | undefined): string[] {
  if (timeout === undefined || timeout <= MAX_TIMEOUT_SECONDS) return []
  return [
    `${nameOf(event)}: a function that reads Kafka may run for ${MAX_TIMEOUT_SECONDS} seconds at most, but its ` +
      `timeout is ${timeout}`,
  ]
}

function manyFilters(event: KafkaEvent, { filterPatterns = [] }: EventSettings): string[] {
  if (filterPatterns.length <= FILTERS_WITHOUT_REQUEST) return []
  return [
    `${nameOf(event)}: filterPatterns has ${filterPatterns.length} patterns; an account may have ` +
      `${FILTERS_WITHOUT_REQUEST} unless its quota is raised`,
  ]
}

function shortTopic(event: KafkaEvent, settings: EventSettings): string[] {
  const given = givenDestination(settings)
  if (given?.kind !== 'kafka' || String(given.reference).length >= LEAST_DESTINATION) return []
  return [
    `${nameOf(event)}: CloudFormation rejects the destination ${given.reference}, because it is shorter than ` +
      `${LEAST_DESTINATION} characters`,
  ]
}

/**
 * Rule 43: a destination must not lead back to the source topic of its mapping, neither directly (checked where the
 * setting is read) nor through the destinations of other functions; failed records would circulate endlessly. A
 * destination that another function reads without sending it back is fine.
 */
function rejectCycles(events: readonly ReadEvent[]): void {
  const targets = events.flatMap(event => {
    const { settings } = event
    const given = givenDestination(settings)
    if (given?.kind !== 'kafka') return []
    return [{ event, from: settings.topic, to: String(given.reference).slice('kafka://'.length) }]
  })
  for (const { event, from, to } of targets) {
    const reached = new Set([to])
    for (const topic of reached) {
      for (const next of targets) if (next.from === topic) reached.add(next.to)
    }
    if (!reached.has(from)) continue
    throw new ConfigurationError(
      `the destination of the ${nameOf(event)} is kafka://${to}, whose own failures lead back to ${from}: ` +
        'failed records would circulate endlessly',
    )
  }
}
