import { readEveryCodec } from '@sluice/kafka-records'
import kafkajs, { Kafka, logLevel } from 'kafkajs'
import { Cluster } from './cluster.ts'
import { senderFor } from './destinations.ts'
import { FaultSocket } from './fault-socket.ts'
import type { Log, Serverless } from './framework.ts'
import { Invoker } from './invoker.ts'
import type { Mapping } from './mappings.ts'
import { GroupMember } from './member.ts'
import { writeReportsTo } from './reports.ts'
import type { Settings } from './settings.ts'
import { stopOnSignals } from './signals.ts'
import { EventSource } from './source.ts'
import { within } from './wait.ts'

/** An orderly end waits this long for running invocations. With leaving the groups it stays within 5 s. */
const GRACE_MS = 3_000

/** So long it waits for the threads to end: they are terminated, so this is never reached but by a fault. */
const CLOSE_MS = 500

/** All event sources of a service, at work. */
export class Trigger {
  readonly #sources: readonly EventSource[]
  readonly #invoker: Invoker
  readonly #faults: FaultSocket | undefined
  readonly #log: Log
  #forgetSignals: (() => void) | undefined
  #stopped: Promise<void> | undefined

  constructor(
    serverless: Serverless,
    offlineOptions: Readonly<Record<string, unknown>>,
    parts: {
      readonly mappings: readonly Mapping[]
      readonly settings: Settings
      readonly log: Log
    },
  ) {
    const { mappings, settings, log } = parts
    readEveryCodec(kafkajs.CompressionCodecs)
    // kafkajs is silent: what keeps a source from reading is said by the source, once and in its own words.
    const connect = (clientId: string) =>
      new Kafka({
        clientId,
        brokers: [...settings.brokers],
        logLevel: logLevel.NOTHING,
        connectionTimeout: 3_000,
        // A broker that does not answer is reported within a second or two; the sources keep trying.
        retry: { retries: 2 },
      })
    const kafka = connect(settings.clientId)
    const report = writeReportsTo(settings.reports)
    const invoker = new Invoker(serverless, offlineOptions, log, report)
    const cluster = new Cluster(kafka)
    const senderParts = (mapping: Mapping) => ({
      kafka,
      groupId: mapping.groupId,
      origin: { mapping, brokers: settings.brokers },
    })
    this.#invoker = invoker
    this.#log = log
    this.#sources = mappings.map(
      mapping =>
        new EventSource(mapping, {
          settings,
          log,
          cluster,
          report,
          sender: mapping.destination && senderFor(mapping.destination, senderParts(mapping)),
          invoke: (event, answerCounts) => invoker.invoke(mapping, event, answerCounts),
          member: (of, listener) => new GroupMember(connect, of, settings, listener),
        }),
    )
    this.#faults =
      settings.faults === undefined ? undefined : new FaultSocket(settings.faults, this.#sources, log)
  }

  /** Starts to read, and says when every source has joined its group. Does not wait for it. */
  start(): void {
    this.#forgetSignals = stopOnSignals(() => this.stop())
    this.#faults?.listen()
    for (const source of this.#sources) void source.run()
    const count = this.#sources.length
    void Promise.all(this.#sources.map(source => source.joined)).then(() =>
      this.#log.notice(`msk  ready: ${count} of ${count} event sources have joined their groups`),
    )
  }

  /** See `Invoker.replaceInstances`. */
  replaceInstances(functionKeys?: Iterable<string>): Promise<void> {
    return this.#invoker.replaceInstances(functionKeys)
  }

  /** Ends in order, within 5 seconds, however often it is called. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#faults?.close()
    await Promise.all(this.#sources.map(source => source.stop(GRACE_MS)))
    await within(CLOSE_MS, this.#invoker.close())
    this.#forgetSignals?.()
  }
}
