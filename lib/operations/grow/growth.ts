/**
 * Increases the partition count of a topic in steps. If the command is killed in any step, it can be run again. See docs/growth.md.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { brokersAnswer, isRetriableAnswer } from '../../../packages/runtime/adapters/kafka/availability.ts'
import { growTopic } from '../../../packages/runtime/adapters/kafka/grow-topic.ts'
import { LAST_GENERATION } from '../../../packages/runtime/pipeline/deciding/emission.ts'
import { withGrowths } from '../../../packages/runtime/pipeline/growth/history.ts'
import type { KeptGrowth, StateKey } from '../../../packages/runtime/pipeline/model.ts'
import { OperationFailure, usageFailure } from '../failure.ts'
import { nameOf } from '../state-keys.ts'
import { consumersDone, keepingEntities, quiet, restored, retriesDrained } from './checks.ts'
import { type ConsumerPlan, plansOf } from './plan.ts'
import { Preparation } from './preparation.ts'
import { GrowthRecords, isOpen, type Underway } from './record.ts'
import { StagedStates } from './staged.ts'
import { inTheWay, type Order, type Watching } from './steps.ts'
import { type GrowingTopic, growthFence } from './topic.ts'

/** Time, in milliseconds, after which a request to Kafka can no longer succeed. It is longer than the client's timeout. */
const ANSWERED_MS = 30_000

export interface Checked {
  readonly from: number
  readonly plans: readonly ConsumerPlan[]
  /** Problems that prevent the growth, one line each; empty if the growth is possible. */
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
    this.#staged = new StagedStates(topic)
  }

  /**
   * Returns the unfinished growth of an earlier run, if any.
   *
   * @throws OperationFailure if the earlier run requested a different partition count
   */
  async underway(): Promise<Underway | undefined> {
    const { underway } = await this.#records.read()
    // An older version of the command stored prepared states under different keys.
    if (underway && underway.attempt === undefined)
      throw new OperationFailure(
        `${underway.by} began to grow ${this.#topic.name} to ${underway.to} partitions with an older version of this command: finish it with ` +
          'that version, or revert it with its --abort.',
      )
    if (underway && underway.to !== this.#order.to)
      throw new OperationFailure(
        `${underway.by} began to grow ${this.#topic.name} to ${underway.to} partitions at ${underway.startedAt}: finish that first, with ` +
          `--partitions ${underway.to}, or revert it with --abort.`,
      )
    return underway
  }

  /**
   * Checks the preconditions without changing anything.
   *
   * @throws OperationFailure if the topic already has the requested number of partitions
   */
  async check(): Promise<Checked> {
    const { name, servers } = this.#topic
    const { to, quietMs } = this.#order
    const begun = await this.#beginning()
    const { from, consumers } = begun
    this.#watching.tell(`Watching ${name} for ${quietMs / 1000} s …`)
    const stillWritten = await quiet(this.#topic, quietMs)
    const bounds = await servers.bounds.bounds(name)
    const behind = [
      ...(await restored(this.#topic, from)),
      ...(await consumersDone(this.#topic, consumers, bounds)),
      ...(await keepingEntities(this.#topic, begun.except, from)),
    ]
    const retries = await retriesDrained(this.#topic)
    this.#watching.tell(`Searching ${name} for the keys of the entities …`)
    const plans = await plansOf(this.#topic, { ...begun, to }, bounds)
    return { from, plans, wrong: [...stillWritten, ...behind, ...retries, ...inTheWay(plans, this.#order)] }
  }

  /**
   * Increases the partition count, or completes an unfinished growth. If a problem is found before Kafka adds the partitions, all
   * changes are reverted.
   *
   * @throws OperationFailure if a precondition is not met
   */
  async run(): Promise<Underway> {
    const begin = (await this.underway()) ?? (await this.#beginning())
    await this.#records.recover(await this.#growths(begin.from))
    const own = (await this.#records.take(begin)) as Underway
    this.#watching.reached?.('began')
    if (own.phase === 'preparing') await this.#requireOwnCount(own)
    const staged = own.phase === 'preparing' ? await this.#preparation.prepare(own) : own
    if (staged.phase !== 'created') await this.#create(staged)
    await this.#switchOver(staged)
    await this.#requireEnd(staged)
    await this.#topic.servers.kept?.take(this.#statesOf(staged))
    this.#watching.reached?.('over')
    await this.#records.end(staged)
    return staged
  }

  /**
   * Reverts an unfinished growth.
   *
   * @throws OperationFailure without an unfinished growth, or if Kafka may already have added the partitions
   */
  async abort(): Promise<void> {
    await this.underway()
    const underway = await this.#records.takeOver()
    if (!underway) throw new OperationFailure(`No growth of ${this.#topic.name} is under way.`)
    if (!isOpen(underway))
      throw new OperationFailure(
        `Kafka may already have added the new partitions of ${this.#topic.name}, and cannot remove them: run the command again without --abort.`,
      )
    await this.#preparation.takeBack(underway)
  }

  /** Checks that no other process has added partitions to the topic. */
  async #requireOwnCount(own: Underway): Promise<void> {
    const { name } = this.#topic
    const now = await this.#topic.partitions()
    if (now === own.from) return
    const failure = new OperationFailure(
      `${name} had ${own.from} partitions in Kafka when the growth began, and has ${now} now: something else has added partitions. The growth ` +
        'is reverted: the consumers continue with unchanged states.',
    )
    await this.#preparation.refuse(own, failure)
  }

  async #beginning(): Promise<Underway> {
    const { name } = this.#topic
    const { to, by, except } = this.#order
    const from = await this.#topic.partitions()
    if (to <= from) throw usageFailure(`${name} has ${from} partitions: --partitions must be more.`)
    const growths = await this.#growths(from)
    if (growths.length >= LAST_GENERATION)
      throw new OperationFailure(`${name} has grown ${growths.length} times, which is the maximum.`)
    return {
      operation: randomUUID(),
      attempt: 0,
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

  /**
   * Returns all partition count increases of the topic so far. After a loss of Redis, the stored record can be incomplete, but
   * restored partition states contain the increases. Therefore, the longest history is used. If the number of an increase was used
   * twice, a new growth would be mistaken for a completed one.
   *
   * @throws OperationFailure if a partition state has more increases than are known
   */
  async #growths(partitions: number): Promise<readonly KeptGrowth[]> {
    const { name, reader } = this.#topic
    const seen: { readonly key: StateKey; readonly generation: number }[] = []
    let { growths } = await this.#records.read()
    for (const consumer of await this.#topic.consumers())
      for (const key of this.#topic.keysOf(consumer, partitions)) {
        const meta = await reader.meta(key)
        seen.push({ key, generation: meta.partitioning?.generation ?? 0 })
        growths = withGrowths({ growths }, meta.growths ?? []).growths
      }
    const ahead = seen.find(({ generation }) => generation > growths.length)
    if (ahead)
      throw new OperationFailure(
        `${nameOf(ahead.key)} contains ${ahead.generation} growths of ${name}, but Redis has recorded ${growths.length}. Import a checkpoint ` +
          'from after the last growth with `sluice state import`, and run the command again.',
      )
    return growths
  }

  /** Requests the partitions from Kafka. This step cannot be reverted. */
  async #create(own: Underway): Promise<void> {
    const { name, servers } = this.#topic
    const { from, to } = own
    if (own.phase === 'staged') await this.#announce(own)
    else await this.#lookAgain(own)
    const bounds = await servers.bounds.bounds(name)
    await this.#askForPartitions(own)
    this.#watching.tell(`Kafka has ${to} partitions of ${name}`)
    this.#watching.reached?.('created')
    const ends = bounds.slice(0, from).map(({ end }) => end)
    // From now on, records are redriven to the new partitions, where they wait for the prepared states.
    await this.#records.reach({ ...own, phase: 'created' }, ends)
    this.#watching.reached?.('noted')
  }

  /** Stores that the partitions are about to be requested. Afterwards, other runs can no longer revert the growth. */
  async #announce(staged: Underway): Promise<void> {
    await this.#requireOwnCount(staged)
    await this.#preparation.announce(staged)
    this.#watching.reached?.('creating')
  }

  /**
   * Continues an earlier run that may have requested the partitions. If Kafka has not added them, the preconditions are checked
   * again, because the topic may have changed.
   */
  async #lookAgain(creating: Underway): Promise<void> {
    const now = await this.#topic.partitions()
    if (now === creating.to) return
    if (now !== creating.from) return this.#requireOwnCount(creating)
    try {
      await this.#preparation.requireSame(creating)
      // If another run has taken over, this throws before the request is sent.
      await this.#records.reach(creating)
    } catch (error) {
      if (!(error instanceof OperationFailure)) throw error
      this.#watching.tell('Waiting until Kafka has answered a possible request of an earlier run …')
      await pause(this.#order.answeredMs ?? ANSWERED_MS)
      if ((await this.#topic.partitions()) === creating.from) await this.#preparation.refuse(creating, error)
    }
  }

  /**
   * Requests the partitions from Kafka. If Kafka rejects the request, the growth can be reverted again.
   *
   * @throws errors of the Kafka client
   */
  async #askForPartitions(own: Underway): Promise<void> {
    const grown = () => growTopic(this.#topic.servers.kafka, this.#topic.name, own.to)
    try {
      await grown()
    } catch (error) {
      const answer = brokersAnswer(error)
      // The request of an earlier run has been processed meanwhile.
      if (answer === 'INVALID_PARTITIONS') return void (await grown())
      const hasRefused = answer !== undefined && !isRetriableAnswer(error)
      if (hasRefused && (await this.#topic.partitions()) === own.from)
        await this.#records.reach({ ...own, phase: 'staged' })
      throw error
    }
  }

  async #switchOver(own: Underway): Promise<void> {
    const { states = [], to, generation, except } = own
    const growths = await this.#history(own)
    await this.#preparation.noteFor(except, { generation, partitions: to }, growths)
    for (const [index, { consumer, partition, version, next }] of states.entries()) {
      const live = this.#topic.keyOf(consumer, partition)
      await this.#staged.switchOver(live, { live: version, next, fence: growthFence(own), growths })
      this.#watching.tell(`Switched ${index + 1} of ${states.length} states`)
      this.#watching.reached?.('switched')
    }
  }

  /**
   * Checks that the growth is complete.
   *
   * @throws OperationFailure if it is not; the growth then remains unfinished
   */
  async #requireEnd(own: Underway): Promise<void> {
    const growths = await this.#history(own)
    for (const { consumer, partition } of own.states ?? []) {
      const live = this.#topic.keyOf(consumer, partition)
      if (!(await this.#staged.isAfter(live, growths)))
        throw new OperationFailure(
          `${this.#topic.name} has grown, but ${nameOf(live)} is not the state that was prepared for it: Redis has lost that state, or it ` +
            'was replaced. Run the command again.',
        )
    }
  }

  /**
   * Returns all partition count increases of the topic, including this growth as the last one.
   *
   * @throws OperationFailure if Redis has lost this growth
   */
  async #history({ operation, generation }: Underway): Promise<readonly KeptGrowth[]> {
    const { growths } = await this.#records.read()
    if (growths.length === generation && growths.at(-1)?.operation === operation) return growths
    throw new OperationFailure(
      `Redis has lost the record of this growth of ${this.#topic.name}. Run the command again.`,
    )
  }

  #statesOf({ consumers, except, to }: Underway): StateKey[] {
    return [...consumers, ...except].flatMap(consumer => this.#topic.keysOf(consumer, to))
  }
}
