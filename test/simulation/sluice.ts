/** All consumers and scheduled functions of Sluice in one simulation, with their receivers in memory. */
import './surroundings.ts'
import { join } from 'node:path'
import type { ForeignRecord, SegmentSink } from '#runtime/consumer'
import {
  type AnyKeyedProcess,
  CONSUMER_DEFAULTS,
  type Consumer,
  forward,
  type Group,
  LatestDecisions,
  type PlayedConsumer,
  Simulation,
} from '#runtime/test/support/inside'
import { loadAnyConsumer } from '../../cli/recomputation/consumer.ts'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { createApplication } from '../../lib/app/application.ts'
import { RETRY_TOPICS, SIGNALS, type Signal, topicRow } from '../../lib/app/naming/topic-table.ts'
import { CLOCK, FAMILIES, GENERAL, NAMES, RULES, readSettings, VIEWS } from '../../lib/app/settings/index.ts'
import { runClock } from '../../lib/clock/clock.ts'
import { loadReceivers } from '../../lib/notification/adapters/load-receivers.ts'
import { deliverSink } from '../../lib/notification/deliver.ts'
import { Webhook } from '../../lib/notification/webhook/webhook.ts'
import { createScheduledRedriver } from '../../lib/redriver/scheduled-run.ts'
import { storageSink } from '../../lib/storage/sink.ts'
import { MINUTE_MS } from '../../lib/support/duration.ts'
import { callsOf, MemoryStorage, Webhooks } from './stores.ts'

const CONFIG = join(import.meta.dirname, 'config')
/** Topic of another application, and its number of partitions. */
export const INPUT = { topic: 'greenhouse', partitions: 2 }

/** Settings of the environment. Two partitions show all that twelve would. */
export const ENVIRONMENT = {
  SLUICE_ENV: 'sim',
  KAFKA_BROKERS: 'localhost:1',
  REDIS_URL: 'redis://localhost:1',
  HISTORY_BUCKET: 'history',
  PARTITIONS: SIGNALS.map(signal => `${signal}=${signal === 'readings' || signal === 'dlq' ? 2 : 1}`).join(
    ',',
  ),
  RULES_DIR: join(CONFIG, 'rules'),
  NOTIFICATIONS_DIR: join(CONFIG, 'notifications'),
  FAILURES_DIR: join(CONFIG, 'failures'),
  INPUTS_FILE: join(CONFIG, 'inputs.yaml'),
}

/** Settings of the code that is deployed during a schedule: in its family of environments, sensors are silent earlier, and a range is smaller. */
const EDITED = { ...ENVIRONMENT, FAMILIES_DIR: join(CONFIG, 'edited-families') }

export const EDITED_RULES_DIR = join(CONFIG, 'edited-rules')

const { env, names } = readSettings([GENERAL, NAMES], ENVIRONMENT)
export const { families } = readSettings([FAMILIES], ENVIRONMENT)
const APPLICATION = createApplication({ families, names })

export const topicOf = (signal: Signal): string => names.topicName(signal, env)

/** Consumers whose results depend on more than their log: on the wall clock, on receivers, or on the identity of a foreign log. */
const NOT_COMPARED = ['intake', 'deliver', 'storage', 'archiver']

/** Consumers whose states operators recompute. */
export const RECOMPUTED = ['processor', 'views'] as const

/** Consumers whose code stays the same, also because their states do not show up to where the former code has decided. */
const KEPT: readonly string[] = [...RECOMPUTED, ...NOT_COMPARED, 'input-redrives']

/** Numbers of things that come while no consumer runs. */
const MOST_AT_ONCE = [40, 120, 200, 20]

/** Offsets of a segment of the archive. */
export const SEGMENT = 16

interface Loaded {
  readonly name: string
  readonly consumer: Consumer
  /** The consumer with edited families. */
  readonly edited: Consumer
  readonly topics: readonly string[]
}

let loaded: Promise<readonly Loaded[]> | undefined

/** Loads the consumers once for all seeds: nothing in them changes. */
function loadConsumers(): Promise<readonly Loaded[]> {
  loaded ??= Promise.all(
    readFunctions()
      .filter(({ consumes, inputs }) => consumes.length > 0 || inputs)
      .map(async declared => {
        const consumer = await loadAnyConsumer(declared.name, ENVIRONMENT)
        const edited = await loadAnyConsumer(declared.name, EDITED)
        const own = declared.consumes.map(topicOf)
        return { name: declared.name, consumer, edited, topics: declared.inputs ? [INPUT.topic] : own }
      }),
  )
  return loaded
}

/** A segment that the archiver has written. */
interface WrittenSegment {
  readonly topic: string
  readonly partition: number
  readonly firstOffset: number
  readonly records: readonly ForeignRecord[]
}

export interface SluiceOptions {
  readonly seed: number
  /** Breaks a rule on purpose, to prove that a violation shows. */
  readonly sabotage?: Sabotage
}

/** A rule that is broken on purpose. */
export interface Sabotage {
  /** Replaces a consumer by another one. */
  readonly adapt?: (name: string, consumer: PlayedConsumer, simulation: Simulation) => PlayedConsumer
  /** Changes the ports of functions. */
  readonly change?: (simulation: Simulation) => void
  /** Delay of all retry topics, in milliseconds. */
  readonly redriverDelayMs?: number
  /** Breaks a part of the engine while the schedule runs. Returns a function that mends it. */
  readonly breakEngine?: () => () => void
}

export class SluiceSimulation {
  readonly simulation: Simulation
  readonly groups = new Map<string, Group>()
  readonly storage: MemoryStorage
  readonly webhooks: Webhooks
  /** Segments by their names. */
  readonly segments = new Map<string, WrittenSegment>()
  /** `consumer outcome/reason` of each decision so far. */
  readonly met = new Set<string>()
  /** Values in Redis as JSON, by name. */
  readonly #values = new Map<string, string>()
  /** Folder of the rules that the clock puts into force. */
  rulesDir = ENVIRONMENT.RULES_DIR

  private constructor(simulation: Simulation) {
    this.simulation = simulation
    this.storage = new MemoryStorage(callsOf(simulation, 'storage'))
    this.webhooks = new Webhooks(simulation)
  }

  static async create({ seed, sabotage = {} }: SluiceOptions): Promise<SluiceSimulation> {
    const topics = SIGNALS.map(signal => {
      const { topic, partitions } = names.topicSize(signal, env)
      const isKept = ['failures', 'dlq', 'events', ...RETRY_TOPICS].includes(signal)
      return [topic, { partitions, maxMessageBytes: topicRow(signal).maxMessageBytes, isKept }] as const
    })
    const simulation = new Simulation({
      ...{
        seed,
        startMs: Date.UTC(2026, 2, 1, 12),
        settlesInMs: 45 * MINUTE_MS,
        mostAtOnce: MOST_AT_ONCE[seed % MOST_AT_ONCE.length] as number,
        often: 0.25,
      },
      topics: new Map([
        ...topics,
        [INPUT.topic, { partitions: INPUT.partitions, maxMessageBytes: 1e6, isKept: true }] as const,
      ]),
    })
    sabotage.change?.(simulation)
    const made = new SluiceSimulation(simulation)
    for (const { name, consumer, edited, topics } of await loadConsumers()) {
      const first = name === 'alerting' ? withBug(consumer) : consumer
      const codes = await Promise.all(
        [first, ...(KEPT.includes(name) ? [] : [edited])].map(async code => ({
          ...code,
          process: await made.#withReceivers(name, code.process),
        })),
      )
      const played: PlayedConsumer = {
        codes: codes as unknown as PlayedConsumer['codes'],
        topics,
        batchSize: 60,
        timeoutMs: consumer.reserveMs + MINUTE_MS,
        mayForget: !['intake', 'input-redrives', 'deliver', 'archiver', 'storage'].includes(name),
        report: report => {
          if (report.kind !== 'decisions') return
          for (const { outcome, reason } of report.decisions) made.met.add(`${name} ${outcome}/${reason}`)
        },
      }
      made.groups.set(name, simulation.addConsumer(sabotage.adapt?.(name, played, simulation) ?? played))
    }
    made.#addClock()
    made.#addRedriver(sabotage.redriverDelayMs)
    return made
  }

  /** Settings for what is appended to all partitions. */
  readonly config = { env, names, contentMode: 'binary' } as const

  get compared(): readonly Group[] {
    return [...this.groups.values()].filter(({ name }) => !NOT_COMPARED.includes(name))
  }

  /** Returns what a function calls connections, as an actor of the simulation. */
  connections(who: string) {
    const { simulation } = this
    const { log, bounds, breaker } = simulation.createPorts(who)
    return {
      publisher: async () => simulation.createPublisher(who),
      log: async () => log,
      bounds: async () => bounds,
      breaker: async () => breaker,
      value: async (name: string) => this.#value(who, name),
    }
  }

  async #withReceivers(name: string, process: Consumer['process']): Promise<Consumer['process']> {
    if (name === 'storage') return storageSink(families, this.storage) as Consumer['process']
    if (name === 'deliver') {
      const receivers = await loadReceivers(ENVIRONMENT.NOTIFICATIONS_DIR)
      const outlets = receivers.flatMap(one =>
        one.kind === 'webhook' ? [new Webhook(one, this.webhooks)] : [],
      )
      return deliverSink(outlets, { env, families }) as Consumer['process']
    }
    if (name === 'archiver') return this.#archiver(process as SegmentSink) as Consumer['process']
    return process
  }

  /** The archiver, with short segments, which are kept as ranges: the encoding is the subject of other tests. */
  #archiver({ name, accepts }: SegmentSink): SegmentSink {
    const call = callsOf(this.simulation, 'archiver')
    return {
      ...{ name, accepts, segments: { offsets: SEGMENT, spanMs: 6 * 60 * MINUTE_MS } },
      write: ({ name: object, topic, partition, firstOffset, records }) =>
        call('put', async () => {
          this.segments.set(object, { topic, partition, firstOffset, records })
          return { kind: 'written', reason: 'archived', rejected: new Map() }
        }),
    }
  }

  #addClock(): void {
    const slices = readSettings([GENERAL, NAMES, CLOCK, FAMILIES, RULES, VIEWS], ENVIRONMENT)
    this.simulation.addSchedule('clock', 2 * MINUTE_MS, async (atMs, remainingMs) => {
      await runClock({
        config: { ...slices, rulesDir: this.rulesDir },
        connections: this.connections('clock'),
        scheduledFor: new Date(atMs).toISOString(),
        isScheduled: false,
        remainingMs,
        nowMs: () => this.simulation.nowMs,
        telemetry: { warn: () => {}, count: () => {} },
      } as unknown as Parameters<typeof runClock>[0]).catch(error =>
        this.simulation.note('clock', error.message),
      )
    })
  }

  #addRedriver(delayMs?: number): void {
    const { simulation } = this
    const process = createScheduledRedriver(
      { env, names, families },
      delayMs === undefined ? undefined : () => delayMs,
    )
    const consumer = {
      ...CONSUMER_DEFAULTS,
      application: APPLICATION,
      env,
      process,
      failuresTo: 'dlq',
    } as const
    const latest = new LatestDecisions()
    simulation.addSchedule('redriver', MINUTE_MS, async (_, remainingMs) => {
      const ports = {
        ...simulation.createPorts('redriver'),
        cursors: simulation.createCursors('redriver'),
        publisher: simulation.createPublisher('redriver'),
        report: () => {},
      }
      const invocation = { remainingMs, nowMs: () => simulation.nowMs, codeVersion: () => 'v1', latest }
      await forward(consumer as never, ports as never, invocation).catch(error =>
        simulation.note('redriver', error.message),
      )
    })
    for (const signal of RETRY_TOPICS)
      simulation.conditions.push(async () => {
        const stateKey = { consumer: process.name, topic: topicOf(signal), partition: 0 }
        const next = (await simulation.cursors.read(stateKey))?.next ?? 0
        const end = simulation.log.endOffset(stateKey.topic, 0)
        return next < end ? `${signal} is redriven up to ${next}, and ends at ${end}` : undefined
      })
  }

  #value(who: string, name: string) {
    const call = <T>(what: string, work: () => Promise<T>) =>
      this.simulation.call(who, `${what} ${name}`, work)
    const read = () => {
      const json = this.#values.get(name)
      return json === undefined ? undefined : JSON.parse(json)
    }
    const write = (value: unknown) => void this.#values.set(name, JSON.stringify(value))
    return {
      read: () => call('read', async () => read()),
      write: (value: unknown) => call('write', async () => write(value)),
      update: (change: (before: unknown) => unknown) =>
        call('update', async () => {
          const next = change(read())
          write(next)
          return next
        }),
    }
  }
}

/** Temperature at which the first version of alerting throws, so that its readings are parked and retried until it is mended. */
const BUG = 33

function withBug(consumer: Consumer): Consumer {
  const process = consumer.process as AnyKeyedProcess
  const onEvent: AnyKeyedProcess['onEvent'] = (state, event, context) => {
    const { temperature } = (event.data ?? {}) as { readonly temperature?: number }
    if (temperature === BUG) throw new Error('a bug that the next version mends')
    return process.onEvent(state, event, context)
  }
  return { ...consumer, process: { ...process, onEvent } }
}
