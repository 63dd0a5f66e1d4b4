import process from 'node:process'
import {
  type ClusterSources,
  formatMappingKey,
  groupByCluster,
  type Reserved,
  type TriggerParts,
} from './cluster-sources.ts'
import { FaultSocket } from './faults/fault-socket.ts'
import { HealthFile } from './report/health-file.ts'
import type { EventSource } from './source.ts'
import { within } from './support/wait.ts'

/**
 * Grace period for running invocations on shutdown, in milliseconds. Including the time for leaving the groups, a shutdown takes
 * less than 5 s.
 */
const GRACE_MS = 3_000

/**
 * Time limit for ending threads and connections, in milliseconds. They are terminated forcibly, so the limit is reached only in
 * case of a bug.
 */
const CLOSE_MS = 500

export class Trigger {
  readonly #parts: TriggerParts
  readonly #reserved: Reserved = new Map()
  readonly #throttled: ReadonlySet<string>
  readonly #faults: FaultSocket | undefined
  readonly #health: HealthFile | undefined
  #clusters: readonly ClusterSources[]
  #forgetSignals: (() => void) | undefined
  #stopped: Promise<void> | undefined

  constructor(parts: TriggerParts) {
    const { mappings, settings, log } = parts
    this.#parts = parts
    const throttled = mappings.filter(({ reservedConcurrency }) => reservedConcurrency === 0)
    this.#throttled = new Set(throttled.map(({ functionKey }) => functionKey))
    this.#clusters = groupByCluster(parts, this.#reserved)
    this.#faults =
      settings.faults === undefined ? undefined : new FaultSocket(settings.faults, () => this.sources, log)
    this.#health =
      settings.health === undefined
        ? undefined
        : new HealthFile(settings.health, () => this.sources.every(source => source.isHealthy))
  }

  /** Starts reading without waiting. Logs how many event sources have joined, once each has joined or waits for others, and when all read. */
  start(): void {
    const { log, handlesSignals = true } = this.#parts
    for (const functionKey of this.#throttled)
      log.warning(
        `msk  ${functionKey}  reservedConcurrency: 0 throttles the function: it is never invoked, and its records wait in Kafka`,
      )
    if (handlesSignals) this.#forgetSignals = stopOnSignals(() => this.stop())
    this.#faults?.listen()
    this.#health?.start()
    for (const cluster of this.#clusters) cluster.start()
    void Promise.all(this.sources.map(source => source.started)).then(async states => {
      const joined = states.filter(state => state === 'joined').length
      log.notice(`msk  ready: ${joined} of ${states.length} event sources have joined their groups`)
      await Promise.all(this.sources.map(source => source.joined))
      log.notice('msk  all event sources read')
    })
  }

  /** Event sources of the trigger, each with a promise that resolves when it has started. */
  get sources(): readonly EventSource[] {
    return this.#clusters.flatMap(({ sources }) => sources)
  }

  /** Reads these mappings from now on: starts those that are new, and stops those that are gone. All others go on undisturbed. */
  async update({ mappings, settings }: Pick<TriggerParts, 'mappings' | 'settings'>): Promise<void> {
    const wanted = new Map(mappings.map(mapping => [formatMappingKey(mapping), mapping]))
    const known = this.#clusters
    const added = [...wanted].filter(([key]) => !known.some(cluster => cluster.has(key)))
    const started = groupByCluster(
      { ...this.#parts, settings, mappings: added.map(([, mapping]) => mapping) },
      this.#reserved,
    )
    this.#clusters = [...known, ...started]
    for (const cluster of started) cluster.start()
    const keys = new Set(wanted.keys())
    const isUsed = await Promise.all(known.map(cluster => cluster.keepOnly(keys, GRACE_MS)))
    const unused = known.filter((_, index) => !isUsed[index])
    this.#clusters = this.#clusters.filter(cluster => !unused.includes(cluster))
    await Promise.all(unused.map(cluster => cluster.stop(GRACE_MS).then(() => cluster.close())))
  }

  /** Shuts down in order. Later calls return the same promise. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#faults?.close()
    this.#health?.close()
    await Promise.all(this.#clusters.map(cluster => cluster.stop(GRACE_MS)))
    const closed = this.#clusters.map(cluster => cluster.close())
    await within(CLOSE_MS, Promise.all([this.#parts.invoker.close(), ...closed]))
    this.#forgetSignals?.()
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Stops the trigger on a signal. This applies from the start, before serverless-offline listens for signals. Returns a function
 * that removes the listeners.
 */
function stopOnSignals(stop: () => Promise<void>): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    const isAlone = process.listenerCount(signal) === 1
    void stop().then(() => {
      if (isAlone) process.kill(process.pid, signal)
    })
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}
