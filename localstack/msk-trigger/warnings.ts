import { givenDestination } from './destination-setting.ts'
import {
  type EventSettings,
  type KafkaEvent,
  kafkaEvents,
  nameOf,
  readEventSettings,
} from './event-settings.ts'
import { ConfigurationError, type FunctionDefinition } from './framework.ts'

/** Rule 10. */
const MAX_TIMEOUT_SECONDS = 14 * 60

/** CloudFormation's own bound, which the API of Lambda does not have: a topic of four characters. */
const LEAST_DESTINATION = 'kafka://1234'.length

/** Rule 37: more on request only. */
const FILTERS_WITHOUT_REQUEST = 5

/**
 * What works here and would bite in the cloud, one line each, without the trigger's prefix.
 *
 * @throws ConfigurationError for a setting that is wrong, or destinations that lead in a circle.
 */
export function cloudWarnings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  { timeout: defaultTimeout }: { readonly timeout?: number },
): string[] {
  const events = [...kafkaEvents(functions)].map(event => ({ event, settings: readEventSettings(event) }))
  refuseCircles(events)
  return events.flatMap(({ event, settings }) => {
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
      'without provisionedPollerConfig the deployed mapping is refused',
  ]
}

function tooLong(event: KafkaEvent, timeout: number | undefined): string[] {
  if (timeout === undefined || timeout <= MAX_TIMEOUT_SECONDS) return []
  return [
    `${nameOf(event)}: a function that reads Kafka may run for ${MAX_TIMEOUT_SECONDS} seconds at most, and its ` +
      `timeout is ${timeout}`,
  ]
}

function manyFilters(event: KafkaEvent, { filterPatterns = [] }: EventSettings): string[] {
  if (filterPatterns.length <= FILTERS_WITHOUT_REQUEST) return []
  return [
    `${nameOf(event)}: filterPatterns has ${filterPatterns.length} patterns; an account may have ` +
      `${FILTERS_WITHOUT_REQUEST} unless its quota was raised`,
  ]
}

function shortTopic(event: KafkaEvent, settings: EventSettings): string[] {
  const given = givenDestination(settings)
  if (given?.kind !== 'kafka' || String(given.reference).length >= LEAST_DESTINATION) return []
  return [
    `${nameOf(event)}: CloudFormation refuses the destination ${given.reference}, because it is shorter than ` +
      `${LEAST_DESTINATION} characters`,
  ]
}

interface ReadEvent {
  readonly event: KafkaEvent
  readonly settings: EventSettings
}

/**
 * Rule 43: a destination is no source topic of its mapping (which is checked where it is read), nor does it lead back
 * to one through others: what failed would go round for ever. A topic that another function reads to its end is fine.
 */
function refuseCircles(events: readonly ReadEvent[]): void {
  const targets = events.flatMap(({ event, settings }) => {
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
        'what failed would go round for ever',
    )
  }
}
