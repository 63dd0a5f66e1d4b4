import { show } from '../support/config-values.ts'
import { ConfigurationError, type FunctionDefinition } from '../support/serverless.ts'
import { type ClusterSettings, findCluster, listBootstrapServers } from './clusters.ts'
import type { Destination } from './destination-setting.ts'
import { resolveDestination } from './event-destination.ts'
import {
  describeEvent,
  type EventSettings,
  kafkaEvents,
  type ReadEvent,
  readEvents,
} from './event-settings.ts'
import type { Filter } from './filters.ts'
import { localRegistry, type RegistryConfig } from './registry-setting.ts'
import { clusterArn, functionArn, NOTHING_KNOWN, type ResourceContext } from './resources.ts'
import { readEach } from './setting-errors.ts'
import type { Settings } from './settings.ts'

/** Position at which a consumer group starts if it has no committed offset. See rule 34 in `RULES.md`. */
export type StartingPosition =
  | { readonly at: 'TRIM_HORIZON' }
  | { readonly at: 'LATEST' }
  | { readonly at: 'AT_TIMESTAMP'; readonly timestampMs: number }

/** Event source mapping: an `msk` or `kafka` event of a function. */
export interface Mapping {
  readonly functionKey: string
  /** ARN of the function, which is included in the records sent to the destination. See rule 44 in `RULES.md`. */
  readonly functionArn: string
  readonly kind: 'msk' | 'kafka'
  readonly topic: string
  readonly groupId: string
  readonly batchSize: number
  readonly windowMs: number
  readonly startingPosition: StartingPosition
  /** True if `ReportBatchItemFailures` is set, so that the handler's response is evaluated. See rules 30 and 33 in `RULES.md`. */
  readonly reportsFailures: boolean
  /** Maximum number of retries after the first attempt; -1 for no limit. See rules 26 and 27 in `RULES.md`. */
  readonly maximumRetryAttempts: number
  readonly maximumRecordAgeMs: number | undefined
  readonly bisectBatchOnFunctionError: boolean
  /** Destination of discarded records. See rules 41 to 43 in `RULES.md`. */
  readonly destination: Destination | undefined
  /** Filters. Records that no filter accepts are skipped; an empty list accepts all. See rules 37 to 40 in `RULES.md`. */
  readonly filters: readonly Filter[]
  readonly registry: RegistryConfig | undefined
  readonly functionTimeoutMs: number
  /**
   * Maximum number of concurrent invocations of the function; infinity for no limit. With 0, the function is never invoked. See
   * rule 24 in `RULES.md`.
   */
  readonly reservedConcurrency: number
  readonly afterPartialResponse: Settings['afterPartialResponse']
  /** Absent for a self-managed cluster. See rule 11 in `RULES.md`. */
  readonly eventSourceArn?: string
  /** Addresses of a self-managed cluster; absent if they cannot be resolved locally. */
  readonly bootstrapServers?: readonly string[]
  /** Brokers to read from, if they differ from the brokers in the settings. */
  readonly cluster?: ClusterSettings
}

export interface ServiceFacts extends Partial<ResourceContext> {
  readonly service: string
  readonly stage: string
  readonly region: string
  readonly timeout?: number
}

/**
 * Default batching window, in milliseconds. The setting cannot express it, because it is in whole seconds. See rule 3 in
 * `RULES.md`.
 */
const DEFAULT_WINDOW_MS = 500

/** Maximum number of retries if a destination is configured and `maximumRetryAttempts` is unlimited. See rule 27 in `RULES.md`. */
const RETRIES_BEFORE_DESTINATION = 10

/** Lambda's default timeout, in seconds. It applies if neither the function nor the provider sets a timeout. */
const DEFAULT_TIMEOUT_SECONDS = 6

type MappingSettings = Pick<
  Settings,
  'afterPartialResponse' | 'brokers' | 'clusters' | 'groupPrefix' | 'schemaRegistry'
>

/**
 * Reads every enabled `msk` and `kafka` event of the functions.
 *
 * @throws ConfigurationError that names the function, the event and the setting
 */
export function readMappings(
  functions: Readonly<Record<string, FunctionDefinition>>,
  facts: ServiceFacts,
  settings: MappingSettings,
): Mapping[] {
  const enabled = [...kafkaEvents(functions)].filter(({ event }) => event.enabled !== false)
  const mappings = readEach(readEvents(enabled), kafkaEvent => {
    const { functionKey, event } = kafkaEvent
    const definition = functions[functionKey]
    const timeout = definition?.timeout ?? facts.timeout ?? DEFAULT_TIMEOUT_SECONDS
    return {
      ...readMapping(kafkaEvent, facts, settings),
      functionArn: functionArn(
        event.arn,
        definition?.name ?? `${facts.service}-${facts.stage}-${functionKey}`,
        facts.region,
      ),
      functionTimeoutMs: timeout * 1000,
      reservedConcurrency: reservedConcurrency(definition),
    }
  })
  if (settings.brokers.length === 0 && mappings.some(({ cluster }) => !cluster))
    throw new ConfigurationError(
      'no Kafka to read from: set custom.mskTrigger.brokers or KAFKA_BROKERS (host:port, …)',
    )
  refuseSharedGroups(mappings)
  return mappings
}

function readMapping(
  kafkaEvent: ReadEvent,
  facts: ServiceFacts,
  { afterPartialResponse, clusters, groupPrefix, ...plugin }: MappingSettings,
): Omit<Mapping, 'functionArn' | 'functionTimeoutMs' | 'reservedConcurrency'> {
  const { functionKey, kind, event, settings } = kafkaEvent
  const { topic, maximumBatchingWindow, maximumRecordAgeInSeconds: age = -1 } = settings
  const context = { ...NOTHING_KNOWN, ...facts }
  const destination = readDestination(kafkaEvent, context)
  const bootstrapServers = kind === 'kafka' ? listBootstrapServers(event.bootstrapServers) : undefined
  const cloud = {
    ...(kind === 'msk' && {
      eventSourceArn: clusterArn(event.arn, context),
    }),
    ...(bootstrapServers && { bootstrapServers }),
  }
  const cluster = findCluster(cloud, clusters)
  return {
    functionKey,
    kind,
    topic,
    groupId: `${groupPrefix}${settings.consumerGroupId ?? `${facts.service}-${facts.stage}-${functionKey}-${topic}`}`,
    batchSize: settings.batchSize ?? 100,
    windowMs: maximumBatchingWindow === undefined ? DEFAULT_WINDOW_MS : maximumBatchingWindow * 1000,
    startingPosition: startingPosition(settings),
    reportsFailures: settings.functionResponseType !== undefined,
    maximumRetryAttempts: retries(settings, destination),
    maximumRecordAgeMs: age === -1 ? undefined : age * 1000,
    bisectBatchOnFunctionError: settings.bisectBatchOnFunctionError ?? false,
    destination,
    filters: settings.filterPatterns ?? [],
    registry: readRegistry(kafkaEvent, plugin),
    afterPartialResponse,
    ...cloud,
    ...(cluster && { cluster }),
  }
}

/** Returns the function's reserved concurrency. Infinity means that none is set, or that only CloudFormation can resolve it. */
function reservedConcurrency(definition: FunctionDefinition | undefined): number {
  const reserved = definition?.reservedConcurrency
  return typeof reserved === 'number' && reserved >= 0 ? reserved : Number.POSITIVE_INFINITY
}

function startingPosition({
  startingPosition: at,
  startingPositionTimestamp = 0,
}: EventSettings): StartingPosition {
  return at === 'AT_TIMESTAMP'
    ? { at, timestampMs: Math.round(startingPositionTimestamp * 1000) }
    : { at: at ?? 'TRIM_HORIZON' }
}

/** Returns the maximum number of retries of a mapping. See rules 26 and 27 in `RULES.md`. */
function retries({ maximumRetryAttempts = -1 }: EventSettings, destination: Destination | undefined): number {
  return maximumRetryAttempts === -1 && destination ? RETRIES_BEFORE_DESTINATION : maximumRetryAttempts
}

function readDestination(kafkaEvent: ReadEvent, context: ResourceContext): Destination | undefined {
  const destination = resolveDestination(kafkaEvent, context)
  if (!destination) return undefined
  if (destination.local) return destination.local
  throw new ConfigurationError(
    `onFailureDestination of the ${describeEvent(kafkaEvent)} is ${show(destination.reference)}, which only CloudFormation resolves: to run locally, give the resource a name in ` +
      'resources, or write out its ARN',
  )
}

function readRegistry(
  kafkaEvent: ReadEvent,
  plugin: Pick<Settings, 'schemaRegistry'>,
): RegistryConfig | undefined {
  const { schemaRegistryConfig } = kafkaEvent.settings
  if (!schemaRegistryConfig) return undefined
  const registry = localRegistry(schemaRegistryConfig, plugin)
  if (registry) return registry
  throw new ConfigurationError(
    `schemaRegistryConfig.schemaRegistryURI of the ${describeEvent(kafkaEvent)} is ${show(schemaRegistryConfig.schemaRegistryURI)}, which is not on this machine: set ` +
      'custom.mskTrigger.schemaRegistry or SCHEMA_REGISTRY_URL to a registry with the Confluent API',
  )
}

/**
 * Rejects mappings that share a consumer group, because each of them would receive only some of the records. See rule 36 in
 * `RULES.md`.
 */
function refuseSharedGroups(mappings: readonly Mapping[]): void {
  const owners = new Map<string, Mapping>()
  for (const mapping of mappings) {
    const group = JSON.stringify([mapping.groupId, mapping.cluster?.brokers])
    const owner = owners.get(group)
    if (owner) {
      throw new ConfigurationError(
        `consumer group "${mapping.groupId}" is used by function "${owner.functionKey}" and by ` +
          `"${mapping.functionKey}": give each event a different consumerGroupId`,
      )
    }
    owners.set(group, mapping)
  }
}
