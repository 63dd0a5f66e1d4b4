/** A consumer in the simulation: its group in Kafka, its instances, and their invocations, as Lambda's event source mapping has them. */
import { KeptStates } from '../../adapters/kept/kept-states.ts'
import { KeptStore } from '../../adapters/kept/kept-store.ts'
import type { MemoryStateStore } from '../../adapters/memory/state-store.ts'
import type { LogRecord, OutgoingRecord } from '../../cloudevents/record.ts'
import type { KafkaEvent } from '../../pipeline/batch/receive.ts'
import { consume } from '../../pipeline/consume.ts'
import type { Consumer } from '../../pipeline/consumer.ts'
import { LatestDecisions } from '../../pipeline/failures/failure-surge.ts'
import { PublishedFailureReader } from '../../pipeline/failures/published-failures.ts'
import { LogChecks } from '../../pipeline/log/log-identity.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Report } from '../../pipeline/model/report.ts'
import { parsePosition } from '../../pipeline/outbox/position.ts'
import type { Ports, Publisher, StateStore } from '../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../empty-selection.ts'
import type { Random } from '../random.ts'
import { kafkaEvent } from '../records.ts'
import type { Chance, Fault } from './chance.ts'
import type { SimulatedLog } from './simulated-log.ts'
import type { Actor } from './turns.ts'

/** A consumer to play. */
export interface PlayedConsumer {
  /** Versions of its code, in the order in which they are deployed. */
  readonly codes: readonly [Consumer, ...Consumer[]]
  /** Kafka names of the topics that it reads. */
  readonly topics: readonly string[]
  /** Time limit of an invocation, in milliseconds; 60 seconds by default. */
  readonly timeoutMs?: number
  /** Maximum number of records of a partition in a batch; 25 by default. */
  readonly batchSize?: number
  /** False if chunks are cut as the consumer's own limits say. By default, they are cut at random. */
  readonly cutsChunks?: boolean
  /** Store of the consumer, if it is not the one of the simulation itself, such as one that is broken on purpose. */
  readonly store?: StateStore
  /** Creates the kept states of an instance; undefined if instances keep none. */
  readonly keep?: (instance: string) => KeptStates | undefined
  readonly report?: (report: Report) => void
  /** False if the store never loses states: a sink cannot take back its effects. */
  readonly mayForget?: boolean
}

/** The simulation, as its groups need it. */
interface Surroundings {
  readonly chance: Chance
  readonly log: SimulatedLog
  readonly store: MemoryStateStore
  readonly nowMs: number
  readonly pause: (ms: number) => Promise<void>
  note(who: string, what: string): void
  strikes(fault: Fault, who: string): boolean
  expire(topic: string, partition: number): Promise<void>
  begin(name: string, timeoutMs: number, work: () => Promise<void>, group: Group): Promise<Actor>
  createPorts(who: string): Pick<Ports, 'log' | 'bounds' | 'breaker'>
  createStore(who: string, store: StateStore): StateStore
  createPublisher(who: string, onPublished: (records: readonly OutgoingRecord[]) => void): Publisher
}

/** A partition of the group. */
export interface GroupPartition extends StateKey {
  /** Offset up to which all is acknowledged to Kafka. */
  committed: number
  /** Invocation that has the records from there on. */
  owner: Actor | undefined
  /** Number of invocations in a row that have acknowledged nothing, and the time before which no other one begins. */
  fruitless: number
  readyAtMs: number
  /** First offset that the code with this index decides, by index. */
  readonly codeFrom: number[]
  /** Number of times that the store has lost a part of the state. */
  losses: number
  /** Copies of the state to which the store can fall back. */
  copies: { readonly copy: unknown; readonly appliedOffset: number }[]
}

interface Instance {
  readonly kept: KeptStates | undefined
  readonly latest: LatestDecisions
  readonly logChecks: LogChecks
  readonly publishedFailures: PublishedFailureReader
}

const TIMEOUT_MS = 60_000
const BATCH_SIZE = 25
const COPIES = 10
/** Time until a batch is delivered again, after the first invocation that acknowledges nothing, and after many. */
const RETRY_MS = 100
const MOST_RETRY_MS = 60_000
/** Share of the invocations that begin in a new instance. */
const NEW_INSTANCE = 0.1
/** Share of the batches delivered twice that are delivered once more. */
const DELIVERED_AGAIN = 0.5
/** Share of the commits after which a copy of the state is kept for a failover. */
const COPIED = 0.15

export class Group {
  readonly name: string
  readonly partitions: readonly GroupPartition[]
  /** Records that it has published, in the order of their first attempts. */
  readonly published: OutgoingRecord[] = []
  readonly #simulation: Surroundings
  readonly #played: PlayedConsumer
  /** Instances that run no invocation. */
  readonly #idle: Instance[] = []
  readonly #busy = new Map<Actor, Instance>()
  /** Consumers with limits at random, by code and limits. */
  readonly #cut = new Map<string, Consumer>()
  /** Violations that invocations have shown. */
  readonly #left = new Set<string>()
  #invocations = 0
  #started = 0
  #code = 0
  #isDeploying = false

  constructor(simulation: Surroundings, played: PlayedConsumer) {
    this.#simulation = simulation
    this.#played = played
    const [{ process }] = played.codes
    this.name = process.name
    this.partitions = played.topics.flatMap(topic =>
      Array.from({ length: simulation.log.countPartitions(topic) }, (_, partition) => ({
        ...{ consumer: process.name, topic, partition },
        ...{
          committed: 0,
          owner: undefined,
          fruitless: 0,
          readyAtMs: 0,
          codeFrom: [0],
          losses: 0,
          copies: [],
        },
      })),
    )
  }

  get codes(): PlayedConsumer['codes'] {
    return this.#played.codes
  }

  /** The version of the code that runs. */
  get code(): Consumer {
    return this.codes[this.#code] as Consumer
  }

  /** Deploys the next version of the code. It decides all records that no invocation has received so far. */
  deploy(): void {
    if (this.#isDeploying || this.#code + 1 >= this.codes.length) return
    this.#isDeploying = true
    for (const own of this.partitions)
      own.codeFrom.push(this.#simulation.log.endOffset(own.topic, own.partition))
  }

  /** Returns true if records wait that no invocation has, or if new code can replace the former one. */
  hasWork(): boolean {
    if (this.partitions.some(own => this.#isReady(own))) return true
    const { nowMs } = this.#simulation
    return this.#isDeploying && this.partitions.every(({ owner, readyAtMs }) => !owner && readyAtMs <= nowMs)
  }

  /** Returns the times at which partitions are delivered again. */
  listRetries(): readonly number[] {
    return this.partitions.map(({ readyAtMs }) => readyAtMs)
  }

  /** Invokes an instance with a batch. */
  async begin(): Promise<void> {
    await this.#finishDeployment()
    const { chance, log } = this.#simulation
    const random = chance.stream(`batch ${this.name}`)
    const ready = this.partitions.filter(own => this.#isReady(own))
    if (ready.length === 0) return
    for (const { topic, partition } of ready)
      if (this.#simulation.strikes('expired', this.name)) await this.#simulation.expire(topic, partition)
    const chosen = ready.filter(() => random.chance(0.5))
    const batch = (chosen.length > 0 ? chosen : [random.pick(ready)]).map(own => {
      const size = random.between(1, this.#played.batchSize ?? BATCH_SIZE)
      const all = log.all(own.topic, own.partition)
      const from = this.#findNext(own) as number
      const records = all.slice(from, from + size).filter(({ offset }) => offset < this.#endOfCode(own))
      return { own, records }
    })
    const event = kafkaEvent(batch.flatMap(({ records }) => records))
    if (this.#simulation.strikes('delivered twice', this.name))
      do await this.#invoke(event, [])
      while (random.chance(DELIVERED_AGAIN))
    await this.#invoke(event, batch)
  }

  /** Takes the partitions of an actor, so that another instance receives them. */
  free(actor: Actor): void {
    for (const own of this.partitions) if (own.owner === actor) own.owner = undefined
  }

  /** Takes the instance and the partitions of an actor that has ended. An instance that was killed is lost. */
  end(actor: Actor): void {
    this.free(actor)
    const instance = this.#busy.get(actor)
    this.#busy.delete(actor)
    if (instance && !actor.isKilled) this.#idle.push(instance)
  }

  /** Returns the first offset that a state, or a copy of one, still needs; undefined if the group does not read the partition. */
  async findNeeded(topic: string, partition: number): Promise<number | undefined> {
    const own = this.partitions.find(one => one.topic === topic && one.partition === partition)
    if (!own) return undefined
    const copied = own.copies.map(({ appliedOffset }) => appliedOffset)
    return Math.min(own.committed - 1, await this.#findApplied(own), ...copied) + 1
  }

  /** Returns what is not acknowledged, decided, or published. */
  async findUndone(): Promise<string[]> {
    const undone = [...this.#left]
    if (this.#isDeploying && !(await this.#finishDeployment())) undone.push(`${this.name}: new code waits`)
    for (const own of this.partitions) {
      const { topic, partition, committed } = own
      const last = this.#simulation.log.all(topic, partition).at(-1)?.offset ?? -1
      const place = `${this.name}: ${topic}/${partition}`
      const { version, fence } = await this.#simulation.store.facts(own)
      const { appliedOffset } = version
      if (committed <= last)
        undone.push(`${place} is acknowledged up to ${committed}, and ends at ${last + 1}`)
      else if (appliedOffset < last && this.mustApplyAll) {
        undone.push(`${place} is applied up to ${appliedOffset}, and ends at ${last + 1}`)
        // The loss shows with the next record. Where there is none, a client sends the last one again.
        own.committed = Math.min(committed, last)
      }
      if (fence) undone.push(`${place} is fenced`)
      else if ((await this.#simulation.store.load(own, EMPTY_SELECTION)).outbox.length > 0)
        undone.push(`${place} has emissions that are not published`)
    }
    return undone
  }

  /** False for a sink of segments, whose last segment stays in the log. */
  get mustApplyAll(): boolean {
    return !('segments' in this.codes[0].process)
  }

  async #invoke(event: KafkaEvent, batch: readonly { own: GroupPartition; records: readonly LogRecord[] }[]) {
    const simulation = this.#simulation
    const random = simulation.chance.stream(`limits ${this.name}`)
    const code = this.#code
    const { cutsChunks = true, timeoutMs = TIMEOUT_MS } = this.#played
    const consumer = cutsChunks ? this.#cutChunks(code, random) : (this.codes[code] as Consumer)
    this.#invocations += 1
    const name = `${this.name} #${this.#invocations}`
    const deadlineMs = simulation.nowMs + timeoutMs
    const isShort = simulation.strikes('out of time', this.name)
    const instance = this.#takeInstance(random)
    const { kept: _, ...memory } = instance
    const losses = new Map(batch.map(({ own }) => [own, own.losses]))
    const work = async () => {
      const answer = await consume(consumer, this.#ports(instance), event, {
        remainingMs: () => deadlineMs - simulation.nowMs - (isShort && random.chance(0.3) ? timeoutMs : 0),
        partialResponses: true,
        nowMs: () => simulation.nowMs,
        pause: simulation.pause,
        codeVersion: () => `v${code}`,
        ...memory,
      })
      const waiting = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
      for (const { own, records } of batch) {
        const first = waiting.find(({ partition }) => partition === `${own.topic}-${own.partition}`)
        const end = first?.offset ?? (records.at(-1) as LogRecord).offset + 1
        own.fruitless = end > own.committed ? 0 : own.fruitless + 1
        own.readyAtMs = own.fruitless > 0 ? simulation.nowMs + computeRetryMs(own.fruitless) : 0
        own.committed = Math.max(own.committed, end)
        if (!first && own.losses === losses.get(own)) await this.#ensureTrimmed(own, end)
      }
    }
    const actor = await simulation.begin(name, timeoutMs, work, this)
    this.#busy.set(actor, instance)
    if (actor.isEnded) this.end(actor)
    else for (const { own } of batch) own.owner = actor
  }

  /** Notes what a batch has left in the outbox although it has succeeded: the partition may have no later record that publishes it. */
  async #ensureTrimmed(own: GroupPartition, end: number): Promise<void> {
    const { fence } = await this.#simulation.store.facts(own)
    if (fence) return
    const { outbox } = await this.#simulation.store.load(own, EMPTY_SELECTION)
    // A recomputed state brings emissions at offsets that were acknowledged before.
    const left = outbox
      .map(({ position }) => parsePosition(position))
      .some(({ offset, takeoverMs }) => offset < end && takeoverMs === undefined)
    if (left) this.#left.add(`${this.name}: a batch of ${own.topic}/${own.partition} has left its emissions`)
  }

  /** Returns the code with limits at random. There are few of them, because the digest of a consumer is computed once. */
  #cutChunks(code: number, random: Random): Consumer {
    const consumer = this.codes[code] as Consumer
    const { limits } = consumer
    const records = random.pick([2, 10, limits.records, limits.records])
    const bytes = random.chance(0.1) ? 500 : limits.bytes
    const timers = random.pick([1, 3, limits.timers])
    const name = `${code} ${records} ${bytes} ${timers}`
    const cut = this.#cut.get(name) ?? { ...consumer, limits: { records, bytes, timers } }
    this.#cut.set(name, cut)
    return cut
  }

  #ports(instance: Instance): Ports {
    const { name, published } = this
    const simulation = this.#simulation
    const live = this.#played.store ?? simulation.store
    const store = simulation.createStore(name, { ...bindStore(live), commit: this.#commit(live) })
    return {
      ...simulation.createPorts(name),
      store: instance.kept ? new KeptStore(store, instance.kept) : store,
      publisher: simulation.createPublisher(name, records => published.push(...records)),
      report: report => {
        if (report.kind === 'deferred' && report.reason === 'unexpected-error')
          this.#left.add(`${name}: an unexpected error: ${report.error}`)
        this.#played.report?.(report)
      },
    }
  }

  /** Returns a commit after which the store may lose writes. */
  #commit(store: StateStore): StateStore['commit'] {
    const simulation = this.#simulation
    const random = simulation.chance.stream(`store ${this.name}`)
    return async (stateKey, change) => {
      const answer = await store.commit(stateKey, change)
      const { topic, partition } = stateKey
      const own = this.partitions.find(one => one.topic === topic && one.partition === partition)
      if (!own || this.#played.mayForget === false) return answer
      if (random.chance(COPIED)) {
        const copy = simulation.store.copyState(stateKey)
        // A refused commit leaves another offset than its own. The fence of a copy would not end with its time.
        const { version, fence } = await simulation.store.facts(stateKey)
        const { appliedOffset } = version
        if (!fence) own.copies = [...own.copies, { copy, appliedOffset }].slice(-COPIES)
      }
      const isWhole = this.#code === 0 && simulation.log.startOffset(topic, partition) === 0
      const forgets = own.copies.length > 0 && simulation.strikes('store forgets', this.name)
      if (!forgets && !(isWhole && simulation.strikes('store is empty', this.name))) return answer
      own.losses += 1
      simulation.store.restore(stateKey, forgets ? random.pick(own.copies).copy : undefined)
      return answer
    }
  }

  #isReady(own: GroupPartition): boolean {
    if (own.owner !== undefined || own.readyAtMs > this.#simulation.nowMs) return false
    return this.#findNext(own) !== undefined
  }

  /** Returns the index of the next record to deliver; undefined if there is none. */
  #findNext({ topic, partition, committed, codeFrom }: GroupPartition): number | undefined {
    const all = this.#simulation.log.all(topic, partition)
    const last = all.at(-1)
    if (!last || last.offset < committed) return undefined
    let index = all.length - 1
    while (index > 0 && (all[index - 1] as LogRecord).offset >= committed) index -= 1
    const end = codeFrom[this.#code + 1] ?? Number.POSITIVE_INFINITY
    return (all[index] as LogRecord).offset < end ? index : undefined
  }

  /** Returns the first offset that the running code does not decide. */
  #endOfCode({ codeFrom }: GroupPartition): number {
    return codeFrom[this.#code + 1] ?? Number.POSITIVE_INFINITY
  }

  /** Replaces the code once the former one has decided what it has received. Later losses do not reach its decisions. */
  async #finishDeployment(): Promise<boolean> {
    if (!this.#isDeploying) return true
    for (const own of this.partitions) {
      const end = this.#endOfCode(own)
      const last = this.#simulation.log.all(own.topic, own.partition).findLast(({ offset }) => offset < end)
      if (!last || (await this.#findApplied(own)) >= last.offset) continue
      // After a loss, the former code receives its last record again.
      own.committed = Math.min(own.committed, last.offset)
      return false
    }
    for (const own of this.partitions) own.copies = []
    this.#code += 1
    this.#isDeploying = false
    this.#simulation.note(this.name, `runs its code number ${this.#code + 1}`)
    return true
  }

  async #findApplied(stateKey: StateKey): Promise<number> {
    return (await this.#simulation.store.facts(stateKey)).version.appliedOffset
  }

  /** Returns an idle instance, or now and then a new one. */
  #takeInstance(random: Random): Instance {
    const instance = random.chance(NEW_INSTANCE) ? undefined : random.pick(this.#idle)
    if (!instance) return this.#startInstance()
    this.#idle.splice(this.#idle.indexOf(instance), 1)
    return instance
  }

  #startInstance(): Instance {
    this.#started += 1
    const instance = `${this.name} ${this.#started}`
    const { keep = (name: string) => new KeptStates(name) } = this.#played
    return {
      kept: keep(instance),
      latest: new LatestDecisions(),
      logChecks: new LogChecks(),
      publishedFailures: new PublishedFailureReader(),
    }
  }
}

/** Returns the time until a batch is delivered again. It grows with each invocation that acknowledges nothing. */
function computeRetryMs(fruitless: number): number {
  return Math.min(RETRY_MS * 2 ** (fruitless - 1), MOST_RETRY_MS)
}

function bindStore(store: StateStore): StateStore {
  return {
    load: (...args) => store.load(...args),
    commit: (...args) => store.commit(...args),
    trimOutbox: (...args) => store.trimOutbox(...args),
  }
}
