import { accessOptions } from './access/kafka-access.ts'
import type { ClusterSettings } from './config/clusters.ts'
import type { Mapping } from './config/mappings.ts'
import type { Settings } from './config/settings.ts'
import { createSender } from './deliver/destinations.ts'
import { Semaphore } from './deliver/semaphore.ts'
import type { FunctionInvoker } from './invoke/invoker.ts'
import { Cluster, createClientFactory } from './poll/cluster-client.ts'
import { GroupMember } from './poll/member.ts'
import { TopicWatch } from './poll/topic-watch.ts'
import { watchTransactions } from './poll/transaction-watch.ts'
import { Outage } from './report/attempts.ts'
import type { WriteReport } from './report/reports.ts'
import { EventSource } from './source.ts'
import type { Log } from './support/serverless.ts'

/** Dependencies of the trigger, provided by the program that runs it. */
export interface TriggerParts {
  readonly mappings: readonly Mapping[]
  readonly settings: Settings
  readonly log: Log
  /** Invoker of the functions. The trigger closes it when it stops. */
  readonly invoker: FunctionInvoker
  /** Receives reports about stalled event sources. */
  readonly report?: WriteReport
  /** False if the program stops the trigger itself when it receives a signal. */
  readonly handlesSignals?: boolean
}

type OneCluster = Settings & Partial<Pick<ClusterSettings, 'section'>>

/** Semaphores by function name. All event sources of a function share its semaphore. */
export type Reserved = Map<string, Semaphore>

/** Event sources that read from one cluster and share its connections. */
export class ClusterSources {
  readonly #sources: Map<string, EventSource>
  readonly #cluster: Cluster
  readonly #watch: TopicWatch
  readonly #log: Log
  readonly #ending = new AbortController()

  constructor(
    mappings: readonly Mapping[],
    settings: OneCluster,
    { log, invoker, report = () => {} }: Omit<TriggerParts, 'mappings' | 'settings'>,
    reserved: Reserved,
  ) {
    const connect = createClientFactory(settings.brokers, accessOptions(settings))
    const kafka = connect('msk-trigger')
    const cluster = new Cluster(kafka)
    const senderParts = (mapping: Mapping) => ({
      kafka,
      // Include the cluster, because the keys of S3 objects are derived from this id.
      groupId: mapping.cluster ? `${mapping.groupId} at ${settings.brokers}` : mapping.groupId,
      origin: { mapping, brokers: mapping.bootstrapServers ?? settings.brokers },
    })
    const outage = new Outage()
    this.#cluster = cluster
    this.#watch = new TopicWatch(cluster)
    this.#log = log
    this.#sources = new Map(
      mappings.map(mapping => [
        formatMappingKey(mapping),
        new EventSource(mapping, {
          settings,
          log,
          cluster,
          report,
          outage,
          reserved: reserved.get(mapping.functionKey) as Semaphore,
          sender: mapping.destination && createSender(mapping.destination, senderParts(mapping)),
          invoke: (...of) => invoker.invoke(mapping, ...of),
          member: (of, listener) => new GroupMember(connect, of, settings, listener),
        }),
      ]),
    )
  }

  get sources(): readonly EventSource[] {
    return [...this.#sources.values()]
  }

  /** Returns whether the mapping is read. @param key key of the mapping, see `formatMappingKey` */
  has(key: string): boolean {
    return this.#sources.has(key)
  }

  start(): void {
    for (const source of this.sources) void source.run()
    void this.#watch.run({ [Symbol.iterator]: () => this.#sources.values() })
    const listTopics = () => [...new Set(this.sources.map(({ topic }) => topic))]
    const readOpen = () => this.#cluster.openTransactions(listTopics())
    void watchTransactions(readOpen, this.#log, this.#ending.signal)
  }

  /** Stops reading the mappings that are not among these, and returns whether any is left. @param keys see `formatMappingKey` */
  async keepOnly(keys: ReadonlySet<string>, graceMs: number): Promise<boolean> {
    const gone = [...this.#sources].filter(([key]) => !keys.has(key))
    for (const [key] of gone) this.#sources.delete(key)
    await Promise.all(gone.map(([, source]) => source.stop(graceMs).then(() => source.reportEnd())))
    return this.#sources.size > 0
  }

  async stop(graceMs: number): Promise<void> {
    this.#watch.close()
    this.#ending.abort()
    await Promise.all(this.sources.map(source => source.stop(graceMs)))
  }

  /** Closes the connection that the event sources share. Call it after they have stopped. */
  close(): Promise<void> {
    return this.#cluster.close()
  }
}

/** Returns a text that is the same for mappings which are read in the same way. */
export function formatMappingKey(mapping: Mapping): string {
  return JSON.stringify(mapping)
}

/**
 * Groups the mappings by cluster. Mappings with the same brokers and credentials share one client.
 *
 * @param reserved receives the semaphores of further functions
 */
export function groupByCluster(
  { mappings, settings, ...parts }: TriggerParts,
  reserved: Reserved,
): ClusterSources[] {
  const toClusterKey = ({ brokers, ssl, sasl }: OneCluster) => JSON.stringify([brokers, ssl, sasl])
  for (const { functionKey, reservedConcurrency } of mappings)
    if (!reserved.has(functionKey)) reserved.set(functionKey, new Semaphore(reservedConcurrency))
  const mergeSettings = ({ cluster }: Mapping): OneCluster => ({ ...settings, ...cluster })
  return [...Map.groupBy(mappings, mapping => toClusterKey(mergeSettings(mapping)))].map(
    ([_, [first, ...others]]) =>
      new ClusterSources([first as Mapping, ...others], mergeSettings(first as Mapping), parts, reserved),
  )
}
