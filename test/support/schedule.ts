/**
 * Plays a log through a consumer as badly as can be: invocations run beside each other and stop between any two of their
 * steps; they are killed, or time out and go on beside their successors; replies get lost, publishes fail before and
 * after they were written; batches and waves are cut differently each time; and the store forgets.
 */
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import { consume } from '../../lib/pipeline/consume.ts'
import type { Consumer } from '../../lib/pipeline/consumer.ts'
import { LatestDecisions } from '../../lib/pipeline/flood.ts'
import type { Invocation, Ports } from '../../lib/pipeline/partition.ts'
import { type Slot, type StateStore, Unavailable } from '../../lib/pipeline/ports.ts'
import type { Random } from './random.ts'
import { kafkaEvent } from './records.ts'
import { NOTHING_WANTED } from './wanted.ts'

/** A slot's contents, put aside and put back: what a failover to a lagging replica does. */
export interface Forgetting {
  copy(): Promise<unknown>
  restore(copy: unknown): Promise<void>
}

interface Stageplay {
  readonly log: readonly LogRecord[]
  readonly consumer: Consumer
  readonly slot: Slot
  readonly ports: Ports
  readonly forgetting: Forgetting
  readonly random: Random
}

/** What the broker has acknowledged of the batches so far, and who is at work. */
export class Schedule {
  readonly #play: Stageplay
  readonly #actors: Actor[] = []
  readonly #copies: unknown[] = []
  #main: Actor | undefined
  #acknowledged = 0
  #forgotten = 0

  constructor(play: Stageplay) {
    this.#play = play
  }

  /** Until all is acknowledged, decided and published. Rejects where that does not come about. */
  async run(): Promise<void> {
    const { random } = this.#play
    for (let turn = 0; turn < 5_000; turn += 1) {
      this.#main ??= await this.#begin()
      if (!this.#main) return
      const actor = random.pick(this.#actors)
      await actor.go()
      if (actor.response) this.#ended(actor)
      else if (actor === this.#main && random.chance(0.02)) this.#main = undefined
      if (random.chance(0.03)) this.#remove(actor)
      await this.#forget()
    }
    throw new Error('no end')
  }

  /** The next batch; undefined where there is none any more. */
  async #begin(): Promise<Actor | undefined> {
    const { log, consumer, ports, random, slot } = this.#play
    const { version, outbox } = await ports.store.load(slot, NOTHING_WANTED)
    const isDone = this.#acknowledged >= log.length && version.mark >= log.length - 1 && outbox.length === 0
    if (isDone) return undefined
    const first = Math.min(this.#acknowledged, log.length - 1)
    const limits = { ...consumer.limits, records: random.between(1, 8), timers: random.between(1, 4) }
    const batch = log.slice(first, first + random.between(1, 12))
    const actor = new Actor({ ...consumer, limits }, ports, batch, random)
    this.#actors.push(actor)
    return actor
  }

  #ended(actor: Actor): void {
    const undone = actor.response?.[0]
    if (actor === this.#main) this.#acknowledged = Math.max(this.#acknowledged, undone ?? actor.end)
    this.#remove(actor)
  }

  #remove(actor: Actor): void {
    const at = this.#actors.indexOf(actor)
    if (at >= 0) this.#actors.splice(at, 1)
    if (actor === this.#main) this.#main = undefined
  }

  async #forget(): Promise<void> {
    const { random, forgetting } = this.#play
    if (random.chance(0.3)) this.#copies.push(await forgetting.copy())
    if (this.#forgotten < 3 && this.#copies.length > 0 && random.chance(0.01)) {
      this.#forgotten += 1
      await forgetting.restore(random.pick(this.#copies.slice(-20)))
    }
  }
}

/** One invocation: it stops before each of its calls, and goes on when it is told to. */
class Actor {
  /** Offsets that were reported as not done; undefined while it runs. */
  response: readonly number[] | undefined
  readonly end: number
  #goOn: (() => void) | undefined
  #paused = Promise.withResolvers<void>()

  constructor(consumer: Consumer, ports: Ports, batch: readonly LogRecord[], random: Random) {
    this.end = (batch.at(-1)?.offset ?? 0) + 1
    const invocation: Invocation = {
      remainingMs: () => (random.chance(0.05) ? 0 : 60_000),
      partialResponses: true,
      nowMs: () => 0,
      pause: async () => {},
      codeVersion: () => 'one',
      latest: new LatestDecisions(),
    }
    const answer = consume(consumer, this.#faulty(ports, random), kafkaEvent(batch), invocation)
    answer.then(({ batchItemFailures }) => {
      this.response = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)
      this.#paused.resolve()
    }, this.#paused.reject)
  }

  /** On to its next call, or to its end. */
  async go(): Promise<void> {
    await this.#paused.promise
    if (this.response) return
    this.#paused = Promise.withResolvers()
    this.#goOn?.()
    await this.#paused.promise
  }

  #faulty(ports: Ports, random: Random): Ports {
    const { store, publisher } = ports
    /** @param lost how likely it is done, and yet seems to have failed */
    const stopping =
      <A extends unknown[], R>(call: (...args: A) => Promise<R>, failed: number, lost: number) =>
      async (...args: A): Promise<R> => {
        await this.#pause()
        if (random.chance(failed)) throw new Unavailable('store-unavailable', 'injected')
        const result = await call(...args)
        if (random.chance(lost)) throw new Unavailable('store-unavailable', 'injected: the reply was lost')
        return result
      }
    return {
      ...ports,
      store: {
        load: stopping(store.load.bind(store), 0.02, 0),
        commit: stopping(store.commit.bind(store), 0.02, 0.1),
        settle: stopping(store.settle.bind(store), 0.1, 0.05),
      } satisfies StateStore,
      publisher: { publish: stopping(publisher.publish.bind(publisher), 0.05, 0.05) },
    }
  }

  #pause(): Promise<void> {
    this.#paused.resolve()
    return new Promise(goOn => {
      this.#goOn = goOn
    })
  }
}
