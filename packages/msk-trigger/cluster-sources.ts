import process from 'node:process'
import type { KafkaConfig } from 'kafkajs'
import { accessWarnings, KafkaAccess } from './access/kafka-access.ts'
import type { ClusterSettings } from './config/clusters.ts'
import type { Mapping } from './config/mappings.ts'
import type { Settings } from './config/settings.ts'
import { awsProblem } from './deliver/aws.ts'
import { checkDestinations } from './deliver/destination-check.ts'
import { senderFor } from './deliver/destinations.ts'
import { Semaphore } from './deliver/semaphore.ts'
import type { FunctionInvoker } from './invoke/invoker.ts'
import { probe } from './poll/broker-probe.ts'
import { Cluster, clientsOf } from './poll/cluster.ts'
import { GroupMember } from './poll/member.ts'
import { TopicWatch } from './poll/topics.ts'
import { whyUnreachable } from './poll/unreachable.ts'
import { Outage } from './report/attempts.ts'
import type { WriteReport } from './report/reports.ts'
import { EventSource } from './source.ts'
import type { Log } from './support/framework.ts'

/** The parts that a program with event sources hands in. */
export interface TriggerParts {
  readonly mappings: readonly Mapping[]
  readonly settings: Settings
  readonly log: Log
  /** Runs the functions. It is closed when the trigger stops. */
  readonly invoker: FunctionInvoker
  /** Receives reports about what keeps event sources from making progress. */
  readonly report?: WriteReport
  /** How clients reach the brokers and sign in there, where the settings do not say it. */
  readonly access?: { readonly options: Partial<KafkaConfig>; ready(): Promise<void> }
  /** Prepares what the functions need; reading begins after that. Must not reject. */
  readonly prepare?: () => Promise<void>
  /** False where the program itself stops the trigger when a signal arrives. */
  readonly handlesSignals?: boolean
}

type OneCluster = Settings & Partial<Pick<ClusterSettings, 'names'>>

/** The permits of functions with event sources, by name; those of one function are shared by all its event sources. */
type Reserved = ReadonlyMap<string, Semaphore>

/** The event sources that read from one cluster, and the connections that they share. */
export class ClusterSources {
  readonly sources: readonly EventSource[]
  /** Allowed settings that should be known, one line each. */
  readonly warnings: readonly string[]
  readonly #cluster: Cluster
  readonly #watch: TopicWatch
  readonly #ending = new AbortController()
  readonly #checkDestinations: () => Promise<void>

  constructor(
    mappings: readonly Mapping[],
    settings: OneCluster,
    {
      log,
      invoker,
      report = () => {},
      access = new KafkaAccess(settings, process.env),
    }: Omit<TriggerParts, 'mappings' | 'settings'>,
    reserved: Reserved,
  ) {
    const connect = clientsOf(settings.brokers, access.options)
    const kafka = connect(settings.clientId)
    const cluster = new Cluster(kafka, () => access.ready())
    const senderParts = (mapping: Mapping) => ({
      kafka,
      // The cluster is part of the mapping's group in S3.
      groupId: mapping.cluster ? `${mapping.groupId} at ${settings.brokers}` : mapping.groupId,
      origin: { mapping, brokers: mapping.bootstrapServers ?? settings.brokers },
    })
    const outage = new Outage()
    // The probe uses plain text.
    const ask = settings.ssl === false ? probe : undefined
    const ending = this.#ending.signal
    this.warnings = accessWarnings(settings)
    this.#cluster = cluster
    this.#watch = new TopicWatch(cluster)
    this.#checkDestinations = () =>
      checkDestinations(mappings, { settings, cluster, log, ending, awsProblem })
    this.sources = mappings.map(
      mapping =>
        new EventSource(mapping, {
          settings,
          log,
          cluster,
          report,
          outage,
          reserved: reserved.get(mapping.functionKey) as Semaphore,
          whyUnreachable: error => whyUnreachable(error, settings.brokers, ask, settings.names),
          sender: mapping.destination && senderFor(mapping.destination, senderParts(mapping)),
          invoke: (...of) => invoker.invoke(mapping, ...of),
          member: (of, listener) => new GroupMember(connect, of, settings, listener),
        }),
    )
  }

  start(): void {
    for (const source of this.sources) void source.run()
    void this.#watch.run(this.sources)
    void this.#checkDestinations()
  }

  async stop(graceMs: number): Promise<void> {
    this.#ending.abort()
    this.#watch.close()
    await Promise.all(this.sources.map(source => source.stop(graceMs)))
  }

  /** Closes the connection that the stopped sources have shared. */
  close(): Promise<void> {
    return this.#cluster.close()
  }
}

/** Starts no client twice for one cluster: the mappings that read from the same brokers, with the same login, share them. */
export function byCluster({ mappings, settings, access, ...parts }: TriggerParts): ClusterSources[] {
  const keyOf = ({ brokers, ssl, sasl }: OneCluster) => JSON.stringify([brokers, ssl, sasl])
  const reserved = new Map(
    mappings.map(({ functionKey, reservedConcurrency }) => [functionKey, new Semaphore(reservedConcurrency)]),
  )
  const settingsOf = ({ cluster }: Mapping): OneCluster => ({ ...settings, ...cluster })
  return [...Map.groupBy(mappings, mapping => keyOf(settingsOf(mapping)))].map(
    ([key, [first, ...others]]) => {
      const own = settingsOf(first as Mapping)
      const isDefault = key === keyOf(settings)
      const shared = { ...parts, ...(isDefault && access && { access }) }
      return new ClusterSources([first as Mapping, ...others], own, shared, reserved)
    },
  )
}
