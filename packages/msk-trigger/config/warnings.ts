import { ConfigurationError, type FunctionDefinition } from '../support/framework.ts'
import { destinationOf, type EventDestination, outsideProvisionedMode } from './event-destination.ts'
import {
  type EventSettings,
  type KafkaEvent,
  kafkaEvents,
  nameOf,
  type ReadEvent,
  readEvents,
} from './event-settings.ts'
import { type IntrinsicContext, NOTHING_KNOWN } from './intrinsics.ts'
import { readEach } from './setting-errors.ts'

/** Maximum timeout of a function with a Kafka event, in seconds. See rule 10 in `RULES.md`. */
const MAX_TIMEOUT_SECONDS = 14 * 60

/**
 * Minimum length of a destination in CloudFormation, which means that a topic name needs at least four characters. Lambda's API has
 * no minimum.
 */
const LEAST_DESTINATION = 'kafka://1234'.length

/** Maximum number of filters without a quota increase. See rule 37 in `RULES.md`. */
const FILTERS_WITHOUT_REQUEST = 5

interface WarningFacts {
  readonly timeout?: number
  readonly intrinsics?: IntrinsicContext
  /** True if the plugin omits the settings of provisioned mode from the template of an event without provisioned mode. */
  readonly leavesOut?: boolean
}

interface Warned extends ReadEvent {
  readonly destination: EventDestination | undefined
}

/**
 * Returns warnings about settings that work locally but not in the cloud, one line each.
 *
 * @throws ConfigurationError if destinations form a cycle
 */
export function cloudWarnings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  { timeout: defaultTimeout, intrinsics = NOTHING_KNOWN, leavesOut = false }: WarningFacts,
): string[] {
  const events = readEach(readEvents(kafkaEvents(functions)), event => ({
    ...event,
    destination: destinationOf(event, intrinsics),
  }))
  rejectCycles(events)
  return events.flatMap(event => {
    const timeout = functions[event.functionKey]?.timeout ?? defaultTimeout
    return [
      ...provisionedOnly(event, leavesOut),
      ...tooLong(event, timeout),
      ...manyFilters(event, event.settings),
      ...shortTopic(event),
    ]
  })
}

function provisionedOnly(event: Warned, leavesOut: boolean): string[] {
  const { settings, destination } = event
  const names = outsideProvisionedMode(settings, destination)
  if (names.length === 0) return []
  const several = names.length > 1
  const lost = settings.functionResponseType
    ? '; a list of failures that the handler returns is ignored in that case, and its records are lost'
    : ''
  const consequence = leavesOut
    ? `AWS would reject the mapping, so the template is written without ${several ? 'them' : 'it'}${lost}`
    : 'AWS rejects the mapping'
  return [
    `${nameOf(event)}: ${names.join(', ')} ${several ? 'exist' : 'exists'} in provisioned mode only: ` +
      `without provisionedPollerConfig, ${consequence}`,
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

function shortTopic({ destination, ...event }: Warned): string[] {
  if (destination?.local?.kind !== 'kafka') return []
  const address = `kafka://${destination.local.topic}`
  if (address.length >= LEAST_DESTINATION) return []
  return [
    `${nameOf(event)}: CloudFormation rejects the destination ${address}, because it is shorter than ` +
      `${LEAST_DESTINATION} characters`,
  ]
}

/**
 * Rejects a destination that leads back to the source topic, directly or through other functions. Failed records would otherwise
 * circulate endlessly. See rule 43 in `RULES.md`.
 */
function rejectCycles(events: readonly Warned[]): void {
  const targets = events.flatMap(event => {
    const to = event.destination?.local
    return to?.kind === 'kafka' ? [{ event, from: event.settings.topic, to: to.topic }] : []
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
