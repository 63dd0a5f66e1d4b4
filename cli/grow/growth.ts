/** Grows a topic: step by step, so that the command can be run again after a crash at any of them. See docs/growth.md. */
import { randomUUID } from 'node:crypto'
import { growTopic } from '../../lib/runtime/adapters/kafka/grow-topic.ts'
import { LAST_GENERATION } from '../../lib/runtime/pipeline/deciding/emission.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { consumersDone, keepingEntities, quiet, retriesDrained } from './checks.ts'
import { type ConsumerPlan, plansOf } from './plan.ts'
import { Preparation } from './preparation.ts'
import { GrowthRecords, type Underway } from './record.ts'
import { StagedStates } from './staged.ts'
import { type Order, stayingBehind, type Watching } from './steps.ts'
import type { GrowingTopic } from './topic.ts'

export interface Checked {
  readonly from: number
  readonly plans: readonly ConsumerPlan[]
  /** What is in the way, a line each; the topic can grow if nothing is. */
  readonly wrong: readonly string[]
}

export class Growth {
  readonly #topic: GrowingTopic
  readonly #order: Order
  readonly #watching: Watching
  readonly #records: GrowthRecords
  readonly #preparation: Preparation
  readonly #staged: StagedStates

  constructor(topic: GrowingTopic, order: Order, watching: Watching) {
    this.#topic = topic
    this.#order = order
    this.#watching = watching
    this.#records = new GrowthRecords(topic.servers.client, topic.name)
    this.#preparation = new Preparation(topic, order, watching, this.#records)
    this.#staged = new StagedStates(topic.servers.client)
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
    const { to, quietMs, allowUnknown } = this.#order
    const begun = await this.#beginning()
    const { from, consumers } = begun
    this.#watching.tell(`Watching ${name} for ${quietMs / 1000} s …`)
    const stillWritten = await quiet(this.#topic, quietMs)
    const bounds = await servers.bounds.bounds(name)
    const behind = [
      ...(await consumersDone(this.#topic, consumers, bounds)),
      ...(await keepingEntities(this.#topic, begun.except, from)),
    ]
    const retries = await retriesDrained(this.#topic)
    this.#watching.tell(`Looking in ${name} for the keys of the entities …`)
    const plans = await plansOf(this.#topic, { ...begun, to }, bounds)
    const unknown = allowUnknown ? [] : stayingBehind(plans)
    return { from, plans, wrong: [...stillWritten, ...behind, ...retries, ...unknown] }
  }

  /**
   * Grows the topic, or finishes what an earlier run began. If something is in the way before Kafka has the partitions,
   * everything is as it was.
   *
   * @throws CliFailure if it cannot grow now
   */
  async run(): Promise<Underway> {
    const begin = (await this.underway()) ?? (await this.#beginning())
    const own = await this.#records.take(begin, randomUUID().slice(0, 8))
    this.#watching.reached?.('began')
    if (own.phase === 'preparing' && (await this.#topic.partitions()) !== own.from)
      throw new CliFailure(
        `${this.#topic.name} had ${own.from} partitions in Kafka when the growth began, and has others now: something else has added some. Their states cannot be moved.`,
      )
    const staged = own.phase === 'preparing' ? await this.#preparation.prepare(own) : own
    if (staged.phase === 'staged') await this.#create(staged)
    await this.#switchOver(staged)
    return staged
  }

  /** Takes a growth back. @throws CliFailure if there is none, or Kafka has the partitions already */
  async abort(): Promise<void> {
    const underway = await this.underway()
    if (!underway) throw new CliFailure(`No growth of ${this.#topic.name} is under way.`)
    if (underway.phase === 'created' || (await this.#topic.partitions()) !== underway.from)
      throw new CliFailure(
        `Kafka has the new partitions of ${this.#topic.name} already, and cannot remove them: run the command again without --abort.`,
      )
    await this.#preparation.takeBack(underway)
  }

  async #beginning(): Promise<Underway> {
    const { name } = this.#topic
    const { to, by, except } = this.#order
    const from = await this.#topic.partitions()
    if (to <= from) throw usageFailure(`${name} has ${from} partitions: --partitions must be more.`)
    const { growths } = await this.#records.read()
    if (growths.length >= LAST_GENERATION)
      throw new CliFailure(`${name} has grown ${growths.length} times, which is as often as a topic can.`)
    return {
      operation: randomUUID(),
      run: '',
      by,
      startedAt: new Date().toISOString(),
      from,
      to,
      generation: growths.length + 1,
      phase: 'preparing',
      consumers: (await this.#topic.consumers()).filter(consumer => !except.includes(consumer)),
      except,
    }
  }

  /** Kafka cannot remove partitions again. */
  async #create(staged: Underway): Promise<void> {
    const { name, servers } = this.#topic
    const { from, to } = staged
    if ((await this.#topic.partitions()) === from) await this.#preparation.requireUnchanged(staged)
    const bounds = await servers.bounds.bounds(name)
    await growTopic(servers.kafka, name, to)
    this.#watching.tell(`Kafka has ${to} partitions of ${name}`)
    this.#watching.reached?.('created')
    const ends = bounds.slice(0, from).map(({ end }) => end)
    // From here on, redrives go to the new partitions, where they wait for the states.
    await this.#records.note({ ...staged, phase: 'created' }, ends)
    this.#watching.reached?.('noted')
  }

  async #switchOver({ states = [], to, generation, operation, except }: Underway): Promise<void> {
    await this.#preparation.noteFor(except, { generation, partitions: to })
    for (const [index, { consumer, partition, at, version, sizes }] of states.entries()) {
      const live = this.#topic.keyOf(consumer, partition)
      await this.#staged.switchOver(live, at, { version, sizes, generation })
      this.#watching.tell(`Switched ${index + 1} of ${states.length} states`)
      this.#watching.reached?.('switched')
    }
    await this.#preparation.discard()
    this.#watching.reached?.('over')
    await this.#records.end(operation)
  }
}
