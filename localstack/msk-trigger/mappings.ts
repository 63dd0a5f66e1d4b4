import type { Destination } from './destination.ts'
import type { Filter } from './filters.ts'
import { ConfigurationError, type FunctionDefinition } from './framework.ts'
import type { OpenChoices } from './open-choices.ts'
import type { RegistryConfig } from './registry/config.ts'
import { isObject, isWholeNumber, show } from './values.ts'

/** Where a group without a committed offset starts to read. Rule 34. */
export type StartingPosition =
  | { readonly at: 'TRIM_HORIZON' }
  | { readonly at: 'LATEST' }
  | { readonly at: 'AT_TIMESTAMP'; readonly timestampMs: number }

/** One event source mapping: one `msk` or `kafka` event of one function. */
export interface Mapping {
  readonly functionKey: string
  readonly kind: 'msk' | 'kafka'
  readonly topic: string
  readonly groupId: string
  readonly batchSize: number
  readonly windowMs: number
  readonly startingPosition: StartingPosition
  /** `ReportBatchItemFailures` is set: the handler's answer is read. Rules 30, 33. */
  readonly reportsFailures: boolean
  /** Not counting the first attempt; -1 is for ever. Rules 26, 27. */
  readonly maximumRetryAttempts: number
  /** Rule 28. */
  readonly maximumRecordAgeMs: number | undefined
  /** Rule 29. */
  readonly bisectBatchOnFunctionError: boolean
  /** Where what is given up goes. Rules 41 to 43. */
  readonly destination: Destination | undefined
  /** A record that none of them admits is discarded; an empty list admits all. Rules 37 to 40. */
  readonly filters: readonly Filter[]
  /** Rules 14, 15. */
  readonly registry: RegistryConfig | undefined
  readonly functionTimeoutMs: number
  /** How to read what AWS leaves open. */
  readonly open: OpenChoices
  /** Absent for a self-managed cluster. Rule 11. */
  readonly eventSourceArn?: string
}

export interface ServiceNames {
  readonly service: string
  readonly stage: string
  readonly region: string
}

/** Rule 3: the window when none was ever set. Only the absence of the setting gives it. */
const DEFAULT_WINDOW_MS = 500

/** Settings that would change what the handler receives: to ignore them would be to lie about the cloud. */
const NOT_EMULATED = ['filterPatterns', 'onFailureDestination']

/**
 * Reads every enabled `msk` and `kafka` event of the functions.
 *
 * @throws ConfigurationError naming function, event and setting.
 */
export function readMappings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  names: ServiceNames,
): Mapping[] {
  const mappings: Mapping[] = []
  for (const kafkaEvent of kafkaEvents(functions)) {
    if (kafkaEvent.event.enabled !== false) mappings.push(readMapping(kafkaEvent, names))
  }
  refuseSharedGroups(mappings)
  return mappings
}

/** One `msk` or `kafka` event as it stands in the file. */
export interface KafkaEvent {
  readonly functionKey: string
  readonly kind: Mapping['kind']
  readonly event: Readonly<Record<string, unknown>>
}

/** Every `msk` and `kafka` event, enabled or not, in the order of the file. */
export function* kafkaEvents(functions: Readonly<Record<string, FunctionDefinition>>): Generator<KafkaEvent> {
  for (const [functionKey, definition] of Object.entries(functions)) {
    for (const entry of definition.events ?? []) {
      for (const kind of ['msk', 'kafka'] as const) {
        const event = entry[kind]
        if (isObject(event)) yield { functionKey, kind, event }
      }
    }
  }
}

/**
 * Whether the mapping reads the handler's answer. Rule 30.
 *
 * @throws ConfigurationError if it is set to something else.
 */
export function reportsFailures({ functionKey, kind, event }: KafkaEvent): boolean {
  const type = event.functionResponseType
  if (type === undefined || type === 'ReportBatchItemFailures') return type !== undefined
  throw new ConfigurationError(
    `functionResponseType of the ${kind} event of function "${functionKey}" must be ` +
      `"ReportBatchItemFailures", not ${show(type)}`,
  )
}

function readMapping({ functionKey, kind, event }: KafkaEvent, names: ServiceNames): Mapping {
  const where = `${kind} event of function "${functionKey}"`
  const refuse = (setting: string, must: string) =>
    new ConfigurationError(`${setting} of the ${where} must be ${must}, not ${show(event[setting])}`)

  for (const setting of NOT_EMULATED) {
    if (event[setting] === undefined) continue
    throw new ConfigurationError(
      `${setting} of the ${where} is not emulated locally yet: remove it for this stage`,
    )
  }
  const { topic, batchSize = 100, maximumBatchingWindow, consumerGroupId } = event
  if (typeof topic !== 'string' || topic === '') throw refuse('topic', 'the name of a topic')
  if (!isWholeNumber(batchSize, 1, 10_000)) throw refuse('batchSize', 'a whole number from 1 to 10000')
  if (maximumBatchingWindow !== undefined && !isWholeNumber(maximumBatchingWindow, 0, 300)) {
    throw refuse('maximumBatchingWindow', 'whole seconds from 0 to 300')
  }
  if (consumerGroupId !== undefined && (typeof consumerGroupId !== 'string' || consumerGroupId === '')) {
    throw refuse('consumerGroupId', 'a text')
  }
  return {
    functionKey,
    kind,
    topic,
    groupId: consumerGroupId ?? `${names.service}-${names.stage}-${functionKey}-${topic}`,
    batchSize,
    windowMs: maximumBatchingWindow === undefined ? DEFAULT_WINDOW_MS : maximumBatchingWindow * 1000,
    startingPosition: readStartingPosition(event, refuse),
    reportsFailures: reportsFailures({ functionKey, kind, event }),
    ...(kind === 'msk' && { eventSourceArn: clusterArn(event.arn, names.region) }),
  }
}

function readStartingPosition(
  event: Readonly<Record<string, unknown>>,
  refuse: (setting: string, must: string) => ConfigurationError,
): StartingPosition {
  const at = event.startingPosition ?? 'TRIM_HORIZON'
  if (at === 'TRIM_HORIZON' || at === 'LATEST') return { at }
  if (at !== 'AT_TIMESTAMP') throw refuse('startingPosition', 'TRIM_HORIZON, LATEST or AT_TIMESTAMP')
  const seconds = event.startingPositionTimestamp
  if (typeof seconds !== 'number' || !(seconds >= 0))
    throw refuse('startingPositionTimestamp', 'Unix seconds')
  return { at, timestampMs: Math.round(seconds * 1000) }
}

/** The ARN where it is written out; where it is a reference that only CloudFormation resolves, one of the same form. */
function clusterArn(arn: unknown, region: string): string {
  return typeof arn === 'string'
    ? arn
    : `arn:aws:kafka:${region}:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1`
}

/** Rule 36: a group belongs to one mapping. Two would take each other's records. */
function refuseSharedGroups(mappings: readonly Mapping[]): void {
  const owners = new Map<string, Mapping>()
  for (const mapping of mappings) {
    const owner = owners.get(mapping.groupId)
    if (owner) {
      throw new ConfigurationError(
        `consumer group "${mapping.groupId}" is used by function "${owner.functionKey}" and by ` +
          `"${mapping.functionKey}": give each event a consumerGroupId of its own`,
      )
    }
    owners.set(mapping.groupId, mapping)
  }
}
