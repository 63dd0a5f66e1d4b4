/**
 * Plays random operations on a topic: events, failures and redrives, growths that are killed or aborted, data loss in Redis,
 * checkpoints and reprocessing. At the end, each entity must have each of its events exactly once, in the partition of its key.
 */
import { CliFailure } from '../../cli/failure.ts'
import { FAILURE_TYPE } from '../../lib/failures/event-types.ts'
import { redrivenRecord } from '../../lib/failures/redriven-record.ts'
import { Growth } from '../../lib/operations/grow/growth.ts'
import { GrowthRecords } from '../../lib/operations/grow/record.ts'
import type { Step } from '../../lib/operations/grow/steps.ts'
import { READING_TYPES } from '../../lib/telemetry/families.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import { partitionOf } from '../../packages/runtime/consumer/murmur2.ts'
import { decided, type KeyedProcess, rejected } from '../../packages/runtime/consumer/process.ts'
import { withoutOutbox } from '../../packages/runtime/pipeline/reprocessing/seed.ts'
import { MemoryGenerations } from './memory-generations.ts'
import { MemoryTopic } from './memory-topic.ts'
import type { Random } from './random.ts'
import { logRecord, environmentReading as reading, TOPIC } from './records.ts'
import { reprocessed } from './reprocessing.ts'
import { Stage } from './stage.ts'
import { verified } from './verifying.ts'

const CONSUMER = 'listing'
const LISTED_TYPE = 'test.listed'
const START_MS = Date.parse('2026-03-01T12:00:00Z')
const SENSORS = Array.from({ length: 6 }, (_, number) => `s-${number}`)
/** Maximum number of partitions. More partitions would take longer without covering more cases. */
const MAX_PARTITIONS = 9
const ALWAYS_MS = 1e12
/** Steps before Kafka adds partitions. During these steps, a growth can be aborted, and data loss in Redis does not affect it. */
const EARLY = ['began', 'fenced', 'copied', 'staged'] as const satisfies readonly Step[]
const LATE = ['creating', 'created', 'noted', 'switched', 'over'] as const satisfies readonly Step[]
const CLOSED = { open: async () => Number.NEGATIVE_INFINITY }

interface Listed {
  readonly ids: readonly string[]
}

class Killed extends Error {}

type Operation =
  | 'send'
  | 'repeat'
  | 'redrive'
  | 'redrive again'
  | 'tick'
  | 'checkpoint'
  | 'flush'
  | 'reprocess'
  | 'grow'

/** Relative frequencies of the operations. */
const WEIGHTS: Readonly<Record<Operation, number>> = {
  send: 8,
  repeat: 2,
  redrive: 3,
  'redrive again': 2,
  tick: 2,
  checkpoint: 1,
  flush: 1,
  reprocess: 1,
  grow: 1,
}

/** Plays one schedule. Returns the violations of the guarantees, and the number of operations by kind. */
export async function playGrowing(
  random: Random,
): Promise<{ readonly found: readonly string[]; readonly came: ReadonlyMap<string, number> }> {
  const play = new Play(random)
  const found = await play.all().catch((error: Error) => [`${error.name}: ${error.message}`])
  return { found, came: play.came }
}

class Play {
  readonly came = new Map<string, number>()
  readonly #random: Random
  readonly #topic: MemoryTopic
  readonly #stage: Stage
  /** Events that currently fail. */
  readonly #broken = new Set<string>()
  readonly #sent: Event[] = []
  /** Failures that can be redriven. `#failures` contains all failures so far. */
  #waiting: FailureData[] = []
  readonly #failures = new Map<string, FailureData>()
  readonly #found: string[] = []
  #read = 0
  #appendMs = START_MS
  #growths = 0
  #isMended = false
  /** Number of code changes. */
  #version = 0

  constructor(random: Random) {
    this.#random = random
    this.#topic = new MemoryTopic(TOPIC, random.between(1, 3), [CONSUMER])
    this.#stage = new Stage(this.#process as KeyedProcess<never>)
    const { application } = this.#stage.consumer
    const table = { ...application.topicNamed(TOPIC), partitions: this.#partitions }
    const own = { ...application, topicNamed: () => table } as typeof application
    this.#stage.consumer = { ...this.#stage.consumer, application: own, idWindowMs: ALWAYS_MS }
  }

  async all(): Promise<string[]> {
    const does: Readonly<Record<Operation, () => Promise<void>>> = {
      send: () => this.#send(),
      repeat: () => this.#repeat(),
      redrive: () => this.#redrive(),
      'redrive again': () => this.#redriveAgain(),
      tick: () => this.#tick(this.#random.between(0, this.#partitions - 1)),
      checkpoint: () => this.#checkpoint(),
      flush: () => this.#flush(),
      reprocess: () => this.#reprocess(),
      grow: () => this.#grow(),
    }
    await this.#tickAll()
    const names = Object.entries(WEIGHTS).flatMap(([name, weight]) => Array(weight).fill(name) as Operation[])
    for (let operations = this.#random.between(10, 60); operations > 0; operations -= 1)
      await does[this.#random.pick(names)]()
    await this.#mend()
    if (this.#random.chance(0.5)) await this.#checkpoint()
    for (let rounds = 0; this.#waiting.length > 0; rounds += 1) {
      if (rounds > 100) return ['failures come back forever']
      await this.#redrive()
    }
    await this.#tickAll()
    return [...this.#found, ...this.#differences(), ...(await this.#unlikeTheLog())]
  }

  /** Lists the events of each entity, and emits each of them. */
  get #process(): KeyedProcess<Listed> {
    return {
      name: CONSUMER,
      accepts: READING_TYPES,
      onEvent: (state, { id, entity, subject = '' }) => {
        if (this.#broken.has(id)) return rejected('broken')
        const ids = [...(state?.ids ?? []), id]
        const about = { key: entity, type: LISTED_TYPE, source: '/listing', subject, data: { ids } }
        return decided('listed', { ids }, [{ name: 'listed', to: 'events', ...about }])
      },
    }
  }

  get #partitions(): number {
    return this.#topic.broker.partitions
  }

  async #send(): Promise<void> {
    for (let count = this.#random.between(1, 3); count > 0; count -= 1) {
      const sensor = this.#random.pick(SENSORS)
      const event = reading(`${sensor}/${this.#sent.length}`, { sensor, at: this.#sent.length })
      this.#sent.push(event)
      if (this.#random.chance(0.25)) this.#broken.add(event.id)
      await this.#append(event)
    }
  }

  async #repeat(): Promise<void> {
    if (this.#sent.length > 0) await this.#append(this.#random.pick(this.#sent))
  }

  async #append(event: Event): Promise<void> {
    const partition = partitionOf(Buffer.from(String(event.subject)), this.#partitions)
    await this.#deliver(logRecord(0, event, { partition }))
  }

  async #tick(partition: number): Promise<void> {
    const event = tick(partition, new Date(this.#appendMs).toISOString())
    await this.#deliver({ ...logRecord(0, event, { partition }), key: null })
  }

  async #tickAll(): Promise<void> {
    for (let partition = 0; partition < this.#partitions; partition += 1) await this.#tick(partition)
  }

  async #redrive(): Promise<void> {
    const [failure] = this.#waiting.splice(this.#random.between(0, this.#waiting.length - 1), 1)
    if (!failure) return
    this.#came('redriven')
    if (this.#random.chance(0.5)) await this.#mend()
    await this.#bringBack(failure)
  }

  /** Redrives a failure a second time, like a redriver that has lost its cursor. */
  async #redriveAgain(): Promise<void> {
    const all = [...this.#failures.values()]
    if (all.length > 0) await this.#bringBack(this.#random.pick(all))
  }

  async #bringBack(failure: FailureData): Promise<void> {
    const { growths } = await this.#records.read()
    await this.#deliver({ ...redrivenRecord(failure, undefined, growths), offset: 0, timestampMs: 0 })
  }

  get #records(): GrowthRecords {
    return new GrowthRecords(this.#topic.client, TOPIC)
  }

  async #deliver(record: LogRecord): Promise<void> {
    this.#appendMs += this.#random.between(1, 30_000)
    const appended = this.#topic.append({ ...record, timestampMs: this.#appendMs })
    const { store, recovery } = this.#topic
    const ports = { store, recovery: async () => recovery, breaker: CLOSED }
    const given = { ports, codeVersion: () => `v${this.#version}` }
    const { batchItemFailures } = await this.#stage.batch([appended], given)
    if (batchItemFailures.length > 0) this.#found.push('a record waits')
    const { events } = this.#stage
    for (; this.#read < events.length; this.#read += 1) this.#published(events[this.#read] as Event)
  }

  #published({ id, type, data }: Event): void {
    if (type !== FAILURE_TYPE || this.#failures.has(id)) return
    const failure = data as FailureData
    if (failure.errorType === 'failure-moved') this.#came('redriven with a lost history')
    if (failure.errorType === 'unknown-failure') this.#found.push('a redrive found no failure')
    this.#failures.set(id, failure)
    this.#waiting.push(failure)
  }

  /** Deploys changed code, which must not repeat earlier decisions. */
  async #mend(): Promise<void> {
    await this.#tickAll()
    this.#broken.clear()
    this.#isMended = true
    this.#version += 1
  }

  async #checkpoint(): Promise<void> {
    await this.#topic.checkpoint()
    this.#isMended = false
  }

  async #flush(): Promise<void> {
    if (this.#isMended) {
      await this.#checkpoint()
    }
    this.#came('flushed')
    this.#topic.flush()
  }

  /**
   * Reprocesses a partition from its newest checkpoint. After a growth, the log of a partition does not contain all events of its
   * entities.
   */
  async #reprocess(): Promise<void> {
    await this.#tickAll()
    if (this.#isMended) await this.#checkpoint()
    const { recovery, store, log } = this.#topic
    const state = this.#topic.key(CONSUMER, this.#random.between(0, this.#partitions - 1))
    const [kept] = await recovery.checkpoints.list(state)
    if (!kept) return
    this.#came('reprocessed')
    const pages = withoutOutbox(recovery.checkpoints.read(state, kept))
    const startOffset = kept.version.appliedOffset + 1
    await reprocessed(this.#stage, log, {
      copies: new MemoryGenerations(store),
      codeVersion: `v${this.#version}`,
      state,
      pages,
      startOffset,
    })
  }

  async #grow(): Promise<void> {
    if (this.#partitions === MAX_PARTITIONS) return
    const to = this.#random.between(this.#partitions + 1, MAX_PARTITIONS)
    const fate = this.#random.pick(['none', 'killed early', 'killed late', 'taken back', 'flushed'] as const)
    if (fate === 'flushed' && this.#isMended) await this.#flush()
    if (!(await this.#mayGrow(to))) return
    if (fate !== 'none') await this.#killed(to, fate === 'killed late' ? LATE : EARLY)
    if (fate === 'taken back') {
      this.#came('taken back')
      return this.#growth(to).abort()
    }
    if (fate === 'flushed') {
      this.#topic.flush()
      this.#came('flushed while growing')
      if (!(await this.#mayGrow(to))) return
    }
    await this.#growth(to).run()
    this.#came(`grown ${fate}`)
    this.#growths += 1
    const { growths } = await this.#records.read()
    if (growths.length !== this.#growths)
      this.#found.push(`growth ${this.#growths} is number ${growths.length}`)
  }

  /** Returns true if a growth is possible. If states were lost, a tick first makes their consumer restore them. */
  async #mayGrow(to: number): Promise<boolean> {
    const { wrong } = await this.#growth(to).check()
    if (wrong.length === 0) return true
    await this.#tickAll()
    const { wrong: still } = await this.#growth(to).check()
    this.#found.push(...still)
    return still.length === 0
  }

  async #killed(to: number, steps: readonly Step[]): Promise<void> {
    const at = this.#random.pick(steps)
    const run = this.#growth(to, step => {
      if (step === at) throw new Killed()
    }).run()
    const error = await run.catch((error: Error) => error)
    if (!(error instanceof Killed)) throw new CliFailure(`${at} was not reached: ${error}`)
  }

  #growth(to: number, reached?: (step: Step) => void): Growth {
    const order = { to, by: 'test', allowUnknown: false, except: [], quietMs: 0, answeredMs: 0 }
    return new Growth(this.#topic.growing, order, { tell: () => {}, ...(reached ? { reached } : {}) })
  }

  /**
   * Returns the differences between the states and the log, starting from the newest checkpoints or from the beginning of the log.
   */
  async #unlikeTheLog(): Promise<string[]> {
    const { store, log, recovery } = this.#topic
    const states = Array.from({ length: this.#partitions }, (_, partition) =>
      this.#topic.key(CONSUMER, partition),
    )
    const report = await verified({
      consumer: this.#stage.consumer,
      published: this.#stage.publisher.published,
      checkpoints: recovery.checkpoints,
      sinceMs: Number.POSITIVE_INFINITY,
      codeVersion: `v${this.#version}`,
      ...{ store, log, states },
    })
    for (const { doubt = 'without doubt' } of report.partitions) this.#came(`compared: ${doubt}`)
    return report.differences.map(one => `unlike the log: ${JSON.stringify(one)}`)
  }

  #differences(): string[] {
    const found: string[] = []
    const listed = new Map<string, string[]>()
    for (let partition = 0; partition < this.#partitions; partition += 1)
      for (const [entity, json] of this.#topic.held(this.#topic.key(CONSUMER, partition)).states) {
        const sensor = entity.split(' ')[1] as string
        if (partitionOf(Buffer.from(sensor), this.#partitions) !== partition)
          found.push(`${entity} is elsewhere`)
        listed.set(sensor, [...(listed.get(sensor) ?? []), ...(JSON.parse(json) as Listed).ids])
      }
    const all = [...listed.values()].flat()
    if (new Set(all).size < all.length) found.push('an event was applied twice')
    if (this.#sent.some(({ id }) => !all.includes(id))) found.push('an event was lost')
    return [...found, ...this.#disorder()]
  }

  /** Returns violations of the order. Readers that keep the last value of each entity ignore events without a higher sequence. */
  #disorder(): string[] {
    const [last, seen, found] = [new Map<string, string>(), new Set<string>(), new Set<string>()]
    for (const { id, type, subject = '', extensions } of this.#stage.events) {
      if (type !== LISTED_TYPE || seen.has(id)) continue
      seen.add(id)
      const sequence = String(extensions?.sequence)
      if (sequence <= (last.get(subject) ?? '')) found.add('an emission counts as older than one before')
      last.set(subject, sequence)
    }
    return [...found]
  }

  #came(name: string): void {
    this.came.set(name, (this.came.get(name) ?? 0) + 1)
  }
}
