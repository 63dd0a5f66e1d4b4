import process from 'node:process'
import { readEveryCodec, readRecordsOf, restIdleConnections } from '@sluice/kafka-records'
import kafkajs, { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
// @ts-expect-error: the library has no types of its inner modules
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import { withFilesRead } from './access/certificates.ts'
import { accessWarnings, KafkaAccess } from './access/kafka-access.ts'
import type { Mapping } from './config/mappings.ts'
import type { Settings } from './config/settings.ts'
import { awsProblem } from './deliver/aws-check.ts'
import { checkDestinations } from './deliver/destination-check.ts'
import { senderFor } from './deliver/destinations.ts'
import { FaultSocket } from './faults/fault-socket.ts'
import type { FunctionInvoker } from './invoke/function-invoker.ts'
import { probe } from './poll/broker-probe.ts'
import { Cluster } from './poll/cluster.ts'
import { GroupMember } from './poll/member.ts'
import { TopicWatch } from './poll/topic-watch.ts'
import { whyUnreachable } from './poll/unreachable.ts'
import { Outage } from './report/outage.ts'
import type { WriteReport } from './report/reports.ts'
import { stopOnSignals } from './signals.ts'
import { EventSource } from './source.ts'
import type { Log } from './support/framework.ts'
import { within } from './support/wait.ts'

/** Grace period for running invocations on shutdown. Together with leaving the groups it stays within 5 s. */
const GRACE_MS = 3_000

/** Upper bound for ending threads and connections. They are terminated, so only a defect reaches it. */
const CLOSE_MS = 500

/** What a program hands in that has event sources. */
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
  /** False where the program itself stops the trigger when a signal arrives. */
  readonly handlesSignals?: boolean
}

/** The running event sources of a service. */
export class Trigger {
  readonly #sources: readonly EventSource[]
  readonly #invoker: FunctionInvoker
  readonly #handlesSignals: boolean
  readonly #faults: FaultSocket | undefined
  readonly #cluster: Cluster
  readonly #watch: TopicWatch
  readonly #settings: Settings
  readonly #log: Log
  readonly #ending = new AbortController()
  readonly #checkDestinations: () => Promise<void>
  #forgetSignals: (() => void) | undefined
  #stopped: Promise<void> | undefined

  constructor({
    mappings,
    settings,
    log,
    invoker,
    report = () => {},
    access = new KafkaAccess(settings, process.env),
    handlesSignals = true,
  }: TriggerParts) {
    readEveryCodec(kafkajs.CompressionCodecs)
    restIdleConnections(RequestQueue)
    // Read again with the first schema, and missing files are reported now.
    if (settings.registrySsl) withFilesRead(settings.registrySsl, 'custom.mskTrigger.registrySsl')
    // kafkajs logs nothing: the source itself logs what keeps it from reading.
    const connect = (clientId: string) => {
      const kafka = new Kafka({
        clientId,
        brokers: [...settings.brokers],
        logLevel: logLevel.NOTHING,
        connectionTimeout: 3_000,
        ...access.options,
        // A broker that does not answer is reported within a second or two; the sources keep retrying.
        retry: { retries: 2 },
      })
      readRecordsOf(kafka)
      return kafka
    }
    const kafka = connect(settings.clientId)
    const cluster = new Cluster(kafka, () => access.ready())
    const senderParts = (mapping: Mapping) => ({
      kafka,
      groupId: mapping.groupId,
      origin: { mapping, brokers: settings.brokers },
    })
    const outage = new Outage()
    // It asks in plain text.
    const ask = settings.ssl === false ? probe : undefined
    this.#invoker = invoker
    this.#handlesSignals = handlesSignals
    this.#cluster = cluster
    this.#watch = new TopicWatch(cluster)
    this.#settings = settings
    this.#log = log
    const ending = this.#ending.signal
    this.#checkDestinations = () =>
      checkDestinations(mappings, { settings, cluster, log, ending, awsProblem })
    this.#sources = mappings.map(
      mapping =>
        new EventSource(mapping, {
          settings,
          log,
          cluster,
          report,
          outage,
          whyUnreachable: error => whyUnreachable(error, settings.brokers, ask),
          sender: mapping.destination && senderFor(mapping.destination, senderParts(mapping)),
          invoke: (...of) => invoker.invoke(mapping, ...of),
          member: (of, listener) => new GroupMember(connect, of, settings, listener),
        }),
    )
    this.#faults =
      settings.faults === undefined ? undefined : new FaultSocket(settings.faults, this.#sources, log)
  }

  /** Starts reading without waiting for it, and logs when every source has joined its group. */
  start(): void {
    for (const line of accessWarnings(this.#settings)) this.#log.warning(`msk  ${line}`)
    if (this.#handlesSignals) this.#forgetSignals = stopOnSignals(() => this.stop())
    this.#faults?.listen()
    for (const source of this.#sources) void source.run()
    void this.#watch.run(this.#sources)
    void this.#checkDestinations()
    const count = this.#sources.length
    void Promise.all(this.#sources.map(source => source.joined)).then(() =>
      this.#log.notice(`msk  ready: ${count} of ${count} event sources have joined their groups`),
    )
  }

  /** The event sources, each with a promise of its first join. */
  get sources(): readonly Pick<EventSource, 'functionKey' | 'topic' | 'joined'>[] {
    return this.#sources
  }

  /**
   * Shuts down in order. Can be called repeatedly.
   *
   * @param graceMs how long running invocations may take until they are abandoned; the rest takes two seconds at most
   */
  stop(graceMs = GRACE_MS): Promise<void> {
    this.#stopped ??= this.#stop(graceMs)
    return this.#stopped
  }

  async #stop(graceMs: number): Promise<void> {
    this.#ending.abort()
    this.#faults?.close()
    this.#watch.close()
    await Promise.all(this.#sources.map(source => source.stop(graceMs)))
    await within(CLOSE_MS, Promise.all([this.#invoker.close(), this.#cluster.close()]))
    this.#forgetSignals?.()
  }
}
