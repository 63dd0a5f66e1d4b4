/**
 * Plays a log through a consumer under the worst conditions. Invocations run concurrently, pause between any two steps, are killed,
 * or time out and continue beside their successors. Batches are delivered twice. Replies are lost, and publishes fail before or
 * after the write. Batches and chunks vary in size. The circuit breaker opens and is reset, the store loses data, the log expires
 * up to the first record that is still needed, and new code is deployed.
 */
import { randomUUID } from 'node:crypto'
import type { LogRecord } from '../../cloudevents/record.ts'
import { consume } from '../../pipeline/consume.ts'
import type { Consumer } from '../../pipeline/consumer.ts'
import { Unavailable } from '../../pipeline/errors.ts'
import { LatestDecisions } from '../../pipeline/failures/failure-surge.ts'
import type { Invocation } from '../../pipeline/invocation.ts'
import { LogChecks } from '../../pipeline/log/log-identity.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Snapshot } from '../../pipeline/model/snapshot.ts'
import { parsePosition } from '../../pipeline/outbox/position.ts'
import type { Ports, StateStore } from '../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../testing/empty-selection.ts'
import type { Random } from '../../testing/random.ts'
import { ComparedStates } from './compared-states.ts'
import { kafkaEvent } from './records.ts'
import { keepStates } from './stage.ts'

/** Copies and restores a partition state, to simulate a failover to a lagging replica. */
export interface Forgetting {
  copy(): Promise<unknown>
  restore(copy: unknown): Promise<void>
}

/** Versions of the code that process a log, one after the other. */
export interface Codes {
  readonly before: Consumer
  readonly after: Consumer
  /** First offset that the new code processes; beyond the end of the log if the new code is never deployed. */
  readonly changeAt: number
}

interface Stageplay {
  readonly log: readonly LogRecord[]
  readonly codes: Codes
  readonly stateKey: StateKey
  readonly ports: Ports
  readonly forgetting: Forgetting
  /** Removes the records before an offset from the log. */
  readonly expire: (beforeOffset: number) => void
  readonly random: Random
  /** True if instances keep the states of their commits. */
  readonly keeps: boolean
}

/** Copy of the partition state, with its applied offset. */
interface Copy {
  readonly copy: unknown
  readonly appliedOffset: number
}

/** Number of instances. Invocations of one of them may overlap, since one that has timed out continues. */
const INSTANCES = 3

/** Number of copies that are kept for failovers. */
const COPIES = 20

/** Plays a log. Tracks the running invocations and the acknowledged offsets. */
export class Schedule {
  readonly #play: Stageplay
  readonly #actors: Actor[] = []
  /**
   * True if many invocations process the same records, because they time out and batches are delivered twice. Applies to every
   * other schedule.
   */
  readonly #crowded: boolean
  readonly #instances: readonly (ComparedStates | undefined)[]
  readonly #latest = { before: new LatestDecisions(), after: new LatestDecisions() }
  #copies: Copy[] = []
  #main: Actor | undefined
  /** All records before this offset are acknowledged. */
  #acknowledged = 0
  #forgotten = 0
  #isDeployed = false

  constructor(play: Stageplay) {
    this.#play = play
    this.#crowded = play.random.chance(0.5)
    this.#instances = Array.from({ length: INSTANCES }, () =>
      play.keeps ? new ComparedStates(randomUUID()) : undefined,
    )
    for (const instance of this.#instances) instance?.watch(play.ports.store)
  }

  /** Runs until all records are acknowledged, processed and published. Rejects if this does not succeed. */
  async run(): Promise<void> {
    const { random } = this.#play
    for (let turn = 0; turn < 10_000; turn += 1) {
      this.#main ??= await this.#begin()
      if (!this.#main) return this.#checkGuesses()
      const actor = random.pick(this.#actors)
      await actor.go()
      if (actor.response) await this.#ended(actor)
      else if (actor === this.#main && random.chance(this.#crowded ? 0.1 : 0.02)) this.#main = undefined
      if (random.chance(0.03)) this.#remove(actor)
      await this.#forget()
    }
    throw new Error('no end')
  }

  #checkGuesses(): void {
    const differences = this.#instances.flatMap(instance => instance?.differences ?? [])
    if (differences.length > 0) throw new Error(differences.join('\n'))
  }

  /** Invokes the consumer with the next batch. Returns undefined if there is no batch. */
  async #begin(): Promise<Actor | undefined> {
    const { log, random, codes } = this.#play
    const { appliedOffset, outbox } = await this.#stored()
    const last = (log.at(-1) as LogRecord).offset
    if (this.#acknowledged > last && appliedOffset >= last && outbox.length === 0) return undefined
    if (!this.#isDeployed && isDecided(log, codes.changeAt, appliedOffset)) this.#deploy(appliedOffset)
    // The old code must not receive records that the new code has to process.
    const due = this.#isDeployed ? log : log.filter(({ offset }) => offset < codes.changeAt)
    const undelivered = due.findIndex(({ offset }) => offset >= this.#acknowledged)
    // If all records are acknowledged but the store has lost some of their effects, deliver the last record again.
    const first = undelivered < 0 ? due.length - 1 : undelivered
    const batch = due.slice(first, first + random.between(1, 12))
    for (let twin = 0; twin < 2 && this.#crowded && random.chance(0.4); twin += 1) this.#invoke(batch)
    return this.#invoke(batch)
  }

  /** Deploys the new code. Afterwards, the store does not lose decisions of the old code. Running invocations continue. */
  #deploy(appliedOffset: number): void {
    this.#isDeployed = true
    this.#copies = this.#copies.filter(copy => copy.appliedOffset >= appliedOffset)
  }

  #invoke(batch: readonly LogRecord[]): Actor {
    const { codes, ports, random } = this.#play
    const code = this.#isDeployed ? 'after' : 'before'
    const consumer = codes[code]
    const limits = {
      records: random.between(1, 8),
      bytes: random.pick([100, 1_000, consumer.limits.bytes]),
      timers: random.between(1, 4),
    }
    const keptStates = random.pick(this.#instances)
    const invocation = { latest: this.#latest[code], codeVersion: () => code }
    const actor = new Actor({ ...consumer, limits }, ports, batch, random, invocation, keptStates)
    actor.losses = this.#forgotten
    this.#actors.push(actor)
    return actor
  }

  /** Checks that all emissions of a batch that has succeeded are trimmed, unless the store has lost data in the meantime. */
  async #ended(actor: Actor): Promise<void> {
    const isMain = actor === this.#main
    this.#remove(actor)
    if (!isMain) return
    const undone = actor.response?.[0]
    this.#acknowledged = Math.max(this.#acknowledged, undone ?? actor.end)
    if (undone !== undefined || actor.losses !== this.#forgotten) return
    const { outbox } = await this.#stored()
    if (outbox.some(({ position }) => parsePosition(position).offset < actor.end))
      throw new Error('a batch has succeeded, but its outbox is not trimmed')
  }

  #remove(actor: Actor): void {
    const at = this.#actors.indexOf(actor)
    if (at >= 0) this.#actors.splice(at, 1)
    if (actor === this.#main) this.#main = undefined
  }

  async #forget(): Promise<void> {
    const { random, forgetting } = this.#play
    if (random.chance(0.08)) {
      const { appliedOffset } = await this.#stored()
      this.#copies = [...this.#copies, { copy: await forgetting.copy(), appliedOffset }].slice(-COPIES)
    }
    if (this.#forgotten < 3 && this.#copies.length > 0 && random.chance(0.01)) {
      this.#forgotten += 1
      await forgetting.restore(random.pick(this.#copies).copy)
    }
    if (random.chance(0.02)) await this.#expire()
  }

  /** Expires records, but none that the state or a copy of it still needs. */
  async #expire(): Promise<void> {
    const { log, expire } = this.#play
    const { appliedOffset } = await this.#stored()
    const needed = Math.min(appliedOffset, ...this.#copies.map(copy => copy.appliedOffset))
    const next = log.find(({ offset }) => offset > needed)
    if (next) expire(next.offset)
  }

  async #stored(): Promise<Pick<Snapshot, 'outbox'> & { readonly appliedOffset: number }> {
    const { ports, stateKey } = this.#play
    const { version, outbox } = await ports.store.load(stateKey, EMPTY_SELECTION)
    return { appliedOffset: version.appliedOffset, outbox }
  }
}

/** Returns true if all records before an offset are processed. */
function isDecided(log: readonly LogRecord[], beforeOffset: number, appliedOffset: number): boolean {
  return log.every(({ offset }) => offset >= beforeOffset || offset <= appliedOffset)
}

/** Invocation that pauses before each of its calls, and continues when `go` is called. */
class Actor {
  /** Offsets that the invocation has reported as failed; undefined while it is running. */
  response: readonly number[] | undefined
  readonly end: number
  /** Number of times that the store had lost data at the start. */
  losses = 0
  #goOn: (() => void) | undefined
  #paused = Promise.withResolvers<void>()

  constructor(
    consumer: Consumer,
    ports: Ports,
    batch: readonly LogRecord[],
    random: Random,
    own: Pick<Invocation, 'latest' | 'codeVersion'>,
    keptStates: ComparedStates | undefined,
  ) {
    this.end = (batch.at(-1)?.offset ?? 0) + 1
    const invocation: Invocation = {
      remainingMs: () => (random.chance(0.05) ? 0 : 60_000),
      partialResponses: true,
      nowMs: () => 0,
      pause: async () => {},
      logChecks: new LogChecks(),
      ...own,
    }
    const faulty = keepStates(this.#faulty(ports, random), keptStates)
    const answer = consume(consumer, faulty, kafkaEvent(batch), invocation)
    answer.then(({ batchItemFailures }) => {
      this.response = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)
      this.#paused.resolve()
    }, this.#paused.reject)
  }

  /** Continues until the next call, or until the end. */
  async go(): Promise<void> {
    await this.#paused.promise
    if (this.response) return
    this.#paused = Promise.withResolvers()
    this.#goOn?.()
    await this.#paused.promise
  }

  #faulty(ports: Ports, random: Random): Ports {
    const { store, publisher } = ports
    /** Wraps a call so that it can fail or lose its reply. @param lost probability that the call succeeds but its reply is lost */
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
        trimOutbox: stopping(store.trimOutbox.bind(store), 0.1, 0.05),
      } satisfies StateStore,
      publisher: { publish: stopping(publisher.publish.bind(publisher), 0.05, 0.05) },
      // An open circuit breaker only delays records, so its time passes eventually.
      breaker: { open: async () => (random.chance(0.5) ? Number.NEGATIVE_INFINITY : 0) },
    }
  }

  #pause(): Promise<void> {
    this.#paused.resolve()
    return new Promise(goOn => {
      this.#goOn = goOn
    })
  }
}
