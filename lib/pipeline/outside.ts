/** Brings events to where a sink delivers: in batches, again where it said not now, one by one where a batch fails. */
import { derivedId } from '../domain/derived-id.ts'
import { type Delivered, OutsideUnavailable, type Sink } from '../domain/sink.ts'
import type { Task } from './judge.ts'

/** How often an event is offered before it goes out as a failure, and the first wait; each is twice the one before. */
const ATTEMPTS = 4
const FIRST_WAIT_MS = 100

export type Answer = Delivered | { readonly thrown: unknown }
export type OutsideHeld = 'out-of-time' | 'outside-unavailable'

interface Allowed {
  hasTime(): boolean
  pause(ms: number): Promise<void>
}

export class Outside {
  readonly #sink: Sink
  readonly #allowed: Allowed
  readonly #answers = new Map<number, Answer>()
  #held: OutsideHeld | undefined

  constructor(sink: Sink, allowed: Allowed) {
    this.#sink = sink
    this.#allowed = allowed
  }

  /** Why nothing more can be delivered, where that is so. */
  get held(): OutsideHeld | undefined {
    return this.#held
  }

  answer({ record }: Task): Answer | undefined {
    return this.#answers.get(record.offset)
  }

  /** Afterwards each has an answer, unless the outside is away or the time is up. */
  async offer(tasks: readonly Task[], nowMs: number): Promise<void> {
    const { digest } = this.#sink
    const isOld = ({ event }: Task) => digest !== undefined && nowMs - event.timeMs > digest.olderThanMs
    await this.#insist(tasks.filter(isOld), Number.POSITIVE_INFINITY, old => this.#digest(old))
    const fresh = tasks.filter(task => !isOld(task))
    await this.#insist(fresh, this.#sink.batchSize ?? 1, batch =>
      this.#sink.deliver(batch.map(this.#delivery)),
    )
  }

  /** Offers them in batches, and what is not taken now again after a while. */
  async #insist(tasks: readonly Task[], batchSize: number, call: Call): Promise<void> {
    let open = tasks
    for (let attempt = 1; open.length > 0 && attempt <= ATTEMPTS && !this.#held; attempt += 1) {
      if (attempt > 1) await this.#allowed.pause(FIRST_WAIT_MS * 2 ** (attempt - 2))
      for (let at = 0; at < open.length; at += batchSize)
        await this.#call(open.slice(at, at + batchSize), call)
      open = open.filter(task => 'retry' in (this.answer(task) ?? {}))
    }
    // What has not had all its offers is no failure yet: it waits with the rest.
    if (this.#held) for (const { record } of open) this.#answers.delete(record.offset)
  }

  async #call(batch: readonly Task[], call: Call): Promise<void> {
    if (this.#held) return
    if (!this.#allowed.hasTime()) {
      this.#held = 'out-of-time'
      return
    }
    try {
      const answers = await call(batch)
      const answered = answers.filter(isAnswer).length
      if (answers.length !== batch.length || answered !== batch.length)
        throw new Error(`the sink gave ${answered} answers for ${batch.length} events`)
      for (const [index, { record }] of batch.entries())
        this.#answers.set(record.offset, answers[index] as Answer)
    } catch (thrown) {
      if (thrown instanceof OutsideUnavailable) this.#held = 'outside-unavailable'
      else if (batch.length === 1) this.#answers.set((batch[0] as Task).record.offset, { thrown })
      // One of them spoils the others: which one is it?
      else for (const task of batch) await this.#call([task], call)
    }
  }

  async #digest(tasks: readonly Task[]): Promise<readonly Delivered[]> {
    const events = tasks.map(({ event }) => event)
    const key = derivedId('digest', this.#sink.name, ...events.flatMap(({ source, id }) => [source, id]))
    const answer = await this.#sink.digest?.deliver({ events, key })
    return tasks.map(() => answer as Delivered)
  }

  readonly #delivery = ({ event }: Task) => ({
    event,
    key: derivedId('delivery', this.#sink.name, event.source, event.id),
  })
}

/** An event without an answer would be offered for ever. */
function isAnswer(answer: unknown): boolean {
  const isObject = typeof answer === 'object' && answer !== null
  return isObject && ('delivered' in answer || 'retry' in answer || 'rejected' in answer)
}

type Call = (batch: readonly Task[]) => Promise<readonly Delivered[]>
