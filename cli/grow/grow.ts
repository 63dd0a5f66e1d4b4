/** Grows a topic: step by step, so that the command can be run again after a crash at any of them. */
import { randomUUID } from 'node:crypto'
import { growTopic } from '../../lib/runtime/adapters/kafka/grow-topic.ts'
import { Fences } from '../../lib/runtime/adapters/redis/fences.ts'
import { LAST_GENERATION } from '../../lib/runtime/pipeline/deciding/emission.ts'
import type { Version } from '../../lib/runtime/pipeline/model.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { nameOf } from '../state/state-keys.ts'
import { arrivals, consumersDone, quiet, retriesDrained } from './checks.ts'
import { KeyFinder } from './keys.ts'
import { type ConsumerPlan, learnKeys, planOf } from './plan.ts'
import { GrowthRecords, type StagedState, stagedKey, type Underway } from './record.ts'
import { StagedStates } from './staged.ts'
import type { GrowingTopic } from './topic.ts'

export interface Order {
  readonly to: number
  readonly by: string
  /** Also where entities stay behind because nothing tells their key. */
  readonly allowUnknown: boolean
  /** For how long no record may come before the growth begins. */
  readonly quietMs: number
}

/** The steps, in their order; some come several times. */
export type Step = 'began' | 'fenced' | 'copied' | 'staged' | 'created' | 'noted' | 'switched' | 'over'

/** What a person is told meanwhile. A test stops a growth at a step. */
export interface Watching {
  readonly tell: (text: string) => void
  readonly reached?: (step: Step) => void
}

export interface Checked {
  readonly from: number
  readonly consumers: readonly string[]
  readonly plans: readonly ConsumerPlan[]
  /** What is wrong, a line each; the topic can grow if there is nothing. */
  readonly wrong: readonly string[]
}

export class Growth {
  readonly #topic: GrowingTopic
  readonly #order: Order
  readonly #watching: Watching
  readonly #records: GrowthRecords
  readonly #fences: Fences
  readonly #staged: StagedStates

  constructor(topic: GrowingTopic, order: Order, watching: Watching) {
    const { client } = topic.servers
    this.#topic = topic
    this.#order = order
    this.#watching = watching
    this.#records = new GrowthRecords(client, topic.name)
    this.#fences = new Fences(client)
    this.#staged = new StagedStates(client)
  }

  /** The growth that is under way, begun by an earlier run. @throws CliFailure if it is one to another number */
  async underway(): Promise<Underway | undefined> {
    const { underway } = await this.#records.read()
    if (underway && underway.to !== this.#order.to)
      throw new CliFailure(
        `${underway.by} began to grow ${this.#topic.name} to ${underway.to} partitions at ${underway.startedAt}: finish that first, with ` +
          `--partitions ${underway.to}, or take it back with --abort.`,
      )
    return underway
  }

  /** Looks, and changes nothing. @throws CliFailure if the topic has as many partitions already */
  async check(): Promise<Checked> {
    const { name, servers } = this.#topic
    const { to, quietMs } = this.#order
    const from = await this.#topic.partitions()
    if (to <= from) throw usageFailure(`${name} has ${from} partitions: --partitions must be more.`)
    const { growths } = await this.#records.read()
    if (growths.length >= LAST_GENERATION)
      throw new CliFailure(`${name} has grown ${growths.length} times, which is as often as a topic can.`)
    const consumers = await this.#topic.consumers()
    this.#watching.tell(`Watching ${name} for ${quietMs / 1000} s …`)
    const stillWritten = await quiet(this.#topic, quietMs)
    const bounds = await servers.bounds.bounds(name)
    const wrong = [
      ...stillWritten,
      ...(await consumersDone(this.#topic, consumers, bounds)),
      ...(await retriesDrained(this.#topic)),
    ]
    const plans = await this.#plans(
      new KeyFinder(servers.log, name, from),
      consumers,
      from,
      growths.length + 1,
    )
    return { from, consumers, plans, wrong: [...wrong, ...this.#unknown(plans)] }
  }

  /**
   * Grows the topic, or finishes what an earlier run began. If something is in the way before Kafka has the partitions,
   * everything is as it was.
   *
   * @throws CliFailure if it cannot grow now
   */
  async run(): Promise<{
    readonly from: number
    readonly consumers: readonly string[]
    readonly operation: string
  }> {
    const before = await this.underway()
    const count = await this.#topic.partitions()
    const began = before ?? (await this.#begin(count))
    const isLaidReady = began.phase !== 'preparing'
    if (!isLaidReady && count !== began.from)
      throw new CliFailure(
        `${this.#topic.name} has ${count} partitions in Kafka, and had ${began.from} when the growth began: others have added partitions.`,
      )
    const staged = isLaidReady ? began : await this.#prepare(began)
    if (staged.phase === 'staged') await this.#create(staged)
    await this.#switchOver(staged)
    return { from: staged.from, consumers: staged.consumers, operation: staged.operation }
  }

  /** Takes a growth back. @throws CliFailure if there is none, or Kafka has the partitions already */
  async abort(): Promise<void> {
    const underway = await this.underway()
    if (!underway) throw new CliFailure(`No growth of ${this.#topic.name} is under way.`)
    if (underway.phase === 'created' || (await this.#topic.partitions()) !== underway.from)
      throw new CliFailure(
        `Kafka has the new partitions of ${this.#topic.name} already, and cannot remove them: run the command again without --abort.`,
      )
    await this.#takeBack(underway)
  }

  async #begin(from: number): Promise<Underway> {
    const { to, by } = this.#order
    if (to <= from)
      throw usageFailure(`${this.#topic.name} has ${from} partitions: --partitions must be more.`)
    const { growths } = await this.#records.read()
    const began: Underway = {
      operation: randomUUID(),
      by,
      startedAt: new Date().toISOString(),
      from,
      to,
      generation: growths.length + 1,
      phase: 'preparing',
      consumers: await this.#topic.consumers(),
    }
    await this.#records.note(began)
    this.#reached('began')
    return began
  }

  /** Stops the consumers and lays all states ready. */
  async #prepare(began: Underway): Promise<Underway> {
    const { name, servers } = this.#topic
    const { consumers, from, generation } = began
    try {
      const versions = await this.#fence(began)
      const bounds = await servers.bounds.bounds(name)
      const wrong = await consumersDone(this.#topic, consumers, bounds)
      if (wrong.length > 0) throw new CliFailure(refusal(wrong))
      const plans = await this.#plans(new KeyFinder(servers.log, name, from), consumers, from, generation)
      const unknown = this.#unknown(plans)
      if (unknown.length > 0) throw new CliFailure(refusal(unknown))
      const states = await this.#copy(began, plans, versions)
      await this.#noArrivals(bounds.map(({ end }) => end))
      const staged: Underway = { ...began, phase: 'staged', states }
      await this.#records.note(staged)
      this.#reached('staged')
      return staged
    } catch (error) {
      if (error instanceof CliFailure) await this.#takeBack(began)
      throw error
    }
  }

  async #fence({ consumers, to }: Underway): Promise<ReadonlyMap<string, Version>> {
    const versions = new Map<string, Version>()
    for (const consumer of consumers)
      for (const key of this.#topic.keysOf(consumer, to)) {
        const { version, partitions } = await this.#fences.raise(key, to)
        if (partitions !== to) throw new Error(`${nameOf(key)} is fenced for ${partitions} partitions`)
        versions.set(nameOf(key), version)
      }
    this.#reached('fenced')
    return versions
  }

  async #copy(
    { consumers, from, to }: Underway,
    plans: readonly ConsumerPlan[],
    versions: ReadonlyMap<string, Version>,
  ): Promise<StagedState[]> {
    const { name } = this.#topic
    const states: StagedState[] = []
    for (const { consumer, growing } of plans)
      for (const live of this.#topic.keysOf(consumer, to)) {
        const { partition } = live
        const at = stagedKey(name, to, consumer, partition)
        const sizes = await this.#staged.stage(at, this.#topic.keysOf(consumer, from), growing)
        states.push({ consumer, partition, version: versions.get(nameOf(live)) as Version, sizes })
        this.#watching.tell(`Copied ${states.length} of ${consumers.length * to} states`)
        this.#reached('copied')
      }
    return states
  }

  /** The last moment to stop: Kafka cannot remove partitions. */
  async #create(staged: Underway): Promise<void> {
    const { name, servers } = this.#topic
    const { from, to } = staged
    const isCreated = (await this.#topic.partitions()) === to
    const bounds = await servers.bounds.bounds(name)
    if (!isCreated) {
      const wrong = await consumersDone(this.#topic, staged.consumers, bounds)
      if (wrong.length > 0) {
        await this.#takeBack(staged)
        throw new CliFailure(refusal(wrong))
      }
    }
    await growTopic(servers.kafka, name, to)
    this.#watching.tell(`Kafka has ${to} partitions of ${name}`)
    this.#reached('created')
    const ends = bounds.slice(0, from).map(({ end }) => end)
    // From here on, redrives go to the new partitions, where they wait for the states.
    await this.#records.note({ ...staged, phase: 'created' }, ends)
    this.#reached('noted')
  }

  async #switchOver({ states = [], to, generation, operation }: Underway): Promise<void> {
    const { name } = this.#topic
    for (const [index, { consumer, partition, version, sizes }] of states.entries()) {
      const live = this.#topic.keyOf(consumer, partition)
      const at = stagedKey(name, to, consumer, partition)
      await this.#staged.switchOver(live, at, { version, sizes, generation })
      this.#watching.tell(`Switched ${index + 1} of ${states.length} states`)
      this.#reached('switched')
    }
    for (const { consumer, partition } of states)
      await this.#fences.discard(stagedKey(name, to, consumer, partition))
    this.#reached('over')
    await this.#records.end(operation)
  }

  async #takeBack({ operation, consumers, to }: Underway): Promise<void> {
    for (const consumer of consumers)
      for (const key of this.#topic.keysOf(consumer, to)) {
        await this.#fences.remove(key)
        await this.#fences.discard(stagedKey(key.topic, to, consumer, key.partition))
      }
    await this.#records.end(operation)
  }

  async #noArrivals(ends: readonly number[]): Promise<void> {
    const { name, servers } = this.#topic
    const wrong = await arrivals(this.#topic, ends, await servers.bounds.bounds(name))
    if (wrong.length > 0) throw new CliFailure(refusal(wrong))
  }

  async #plans(
    finder: KeyFinder,
    consumers: readonly string[],
    from: number,
    generation: number,
  ): Promise<ConsumerPlan[]> {
    const { name, servers } = this.#topic
    const bounds = (await servers.bounds.bounds(name)).slice(0, from)
    this.#watching.tell(`Looking in ${name} for the keys of the entities …`)
    await learnKeys(this.#topic, finder, consumers, bounds)
    const plans: ConsumerPlan[] = []
    for (const consumer of consumers)
      plans.push(await planOf(this.#topic, finder, consumer, { from, to: this.#order.to, generation }))
    return plans
  }

  #unknown(plans: readonly ConsumerPlan[]): string[] {
    if (this.#order.allowUnknown) return []
    return plans.flatMap(({ consumer, staying }) => {
      const unknown = staying.filter(({ why }) => why !== 'no-key')
      if (unknown.length === 0) return []
      const some = unknown.slice(0, 5).map(({ entity, why }) => `${entity} (${why})`)
      return [
        `${unknown.length} entities of ${consumer} would stay behind: ${some.join(', ')}${unknown.length > 5 ? ', …' : ''}. ` +
          'With --allow-unknown they do, and their next records begin with no state.',
      ]
    })
  }

  #reached(step: Step): void {
    this.#watching.reached?.(step)
  }
}

function refusal(wrong: readonly string[]): string {
  return `The topic has not grown, and all is as it was:\n${wrong.map(line => `  ${line}`).join('\n')}`
}
