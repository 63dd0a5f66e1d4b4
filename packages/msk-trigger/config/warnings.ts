import { show } from '../support/config-values.ts'
import { ConfigurationError, type FunctionDefinition } from '../support/serverless.ts'
import { type EventDestination, outsideProvisionedMode, resolveDestination } from './event-destination.ts'
import { describeEvent, type KafkaEvent, kafkaEvents, type ReadEvent, readEvents } from './event-settings.ts'
import { NOTHING_KNOWN, type ResourceContext } from './resources.ts'
import { readEach } from './setting-errors.ts'

/** Maximum timeout of a function with a Kafka event, in seconds. See rule 10 in `RULES.md`. */
const MAX_TIMEOUT_SECONDS = 14 * 60

/** Default quota of filters per mapping, which AWS raises to 10 on request. */
const FILTERS = 5

interface WarningFacts {
  readonly timeout?: number
  /** Current time, in milliseconds since the epoch. If it is absent, starting positions are not compared with it. */
  readonly nowMs?: number
  readonly resources?: ResourceContext
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
  { timeout: defaultTimeout, nowMs = Number.POSITIVE_INFINITY, resources = NOTHING_KNOWN }: WarningFacts,
): string[] {
  const events = readEach(readEvents(kafkaEvents(functions)), event => ({
    ...event,
    destination: resolveDestination(event, resources),
  }))
  rejectCycles(events)
  return events.flatMap(event => {
    const timeout = functions[event.functionKey]?.timeout ?? defaultTimeout
    return [...provisionedOnly(event), ...tooLong(event, timeout), ...beyondBounds(event, nowMs)]
  })
}

/** Returns warnings about values that AWS rejects, and that work locally. */
function beyondBounds({ settings, ...event }: Warned, nowMs: number): string[] {
  const { topic, filterPatterns = [], startingPosition, startingPositionTimestamp = 0 } = settings
  return [
    ...(topic.length < 2 ? [`topic is ${show(topic)}, but AWS accepts 2 to 249 characters`] : []),
    ...(filterPatterns.length > FILTERS
      ? [
          `filterPatterns has ${filterPatterns.length} patterns: AWS accepts ${FILTERS}, unless it has raised your quota`,
        ]
      : []),
    ...(startingPositionTimestamp * 1000 > nowMs
      ? ['startingPositionTimestamp is in the future: AWS rejects the mapping']
      : []),
    ...(startingPosition !== 'AT_TIMESTAMP' && settings.startingPositionTimestamp !== undefined
      ? ['startingPositionTimestamp has no effect without startingPosition: AT_TIMESTAMP']
      : []),
  ].map(line => `${describeEvent(event)}: ${line}`)
}

function provisionedOnly({ settings, destination, ...event }: Warned): string[] {
  const names = outsideProvisionedMode(settings, destination)
  if (names.length === 0) return []
  return [
    `${describeEvent(event)}: ${names.join(', ')} ${names.length > 1 ? 'exist' : 'exists'} in provisioned mode only: ` +
      'without provisionedPollerConfig, AWS rejects the mapping',
  ]
}

function tooLong(event: KafkaEvent, timeout: number | undefined): string[] {
  if (timeout === undefined || timeout <= MAX_TIMEOUT_SECONDS) return []
  return [
    `${describeEvent(event)}: a function that reads Kafka may run for ${MAX_TIMEOUT_SECONDS} seconds at most, but its ` +
      `timeout is ${timeout}`,
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
      `the destination of the ${describeEvent(event)} is kafka://${to}, whose own failures lead back to ${from}: ` +
        'failed records would circulate endlessly',
    )
  }
}
