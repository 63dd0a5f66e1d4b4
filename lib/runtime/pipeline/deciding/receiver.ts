/** Offers events to the receiver of a sink in batches: again what it did not accept, and one by one what a batch threw for. */
import { derivedId } from '../../consumer/derived-id.ts'
import { type Delivered, ReceiverUnavailable, type Sink } from '../../consumer/sink.ts'
import type { DeferredReason } from '../reasons.ts'
import type { Task } from './admission.ts'
import { TRIES, type Tried, type TriesAllowed, waitAfterMs } from './tries.ts'

export type Answer = Delivered | { readonly kind: 'thrown'; readonly error: unknown }
export type ReceiverDeferral = Extract<DeferredReason, 'out-of-time' | 'receiver-unavailable'>

export class Receiver {
  readonly #sink: Sink
  readonly #allowed: TriesAllowed
  readonly #answers = new Map<number, Answer>()
  #deferred: ReceiverDeferral | undefined

  constructor(sink: Sink, allowed: TriesAllowed) {
    this.#sink = sink
    this.#allowed = allowed
  }

  /** Why delivery has stopped; undefined if it has not. */
  get deferred(): ReceiverDeferral | undefined {
    return this.#deferred
  }

  answer({ record }: Task): Answer | undefined {
    return this.#answers.get(record.offset)
  }

  /** Offers the tasks. Afterwards each has an answer, unless the receiver cannot be reached or the time is up. */
  async offer(tasks: readonly Task[], nowMs: number): Promise<void> {
    const { digest } = this.#sink
    const isOld = ({ event }: Task) => digest !== undefined && nowMs - event.timeMs > digest.olderThanMs
    await this.#insist(tasks.filter(isOld), Number.POSITIVE_INFINITY, old => this.#digest(old))
    const fresh = tasks.filter(task => !isOld(task))
    await this.#insist(fresh, this.#sink.batchSize ?? 1, batch =>
      this.#sink.deliver(batch.map(this.#delivery)),
    )
  }

  /** Offers the tasks in batches, and those that the receiver did not accept again after a pause. */
  async #insist(tasks: readonly Task[], batchSize: number, call: Call): Promise<void> {
    let open = tasks
    for (let attempt = 1; open.length > 0 && attempt <= TRIES && !this.#deferred; attempt += 1) {
      if (attempt > 1) await this.#wait(waitAfterMs(attempt - 1))
      for (let at = 0; at < open.length; at += batchSize)
        await this.#call(open.slice(at, at + batchSize), call)
      open = open.filter(task => cause(this.answer(task)) !== undefined)
      if (!this.#deferred) this.#report(attempt, open)
    }
    // Events that have not had all their offers have not failed yet: they wait with the rest.
    if (this.#deferred) for (const { record } of open) this.#answers.delete(record.offset)
  }

  /** A wait that does not fit into the invocation would take the time of what is behind it: the records wait in Kafka instead. */
  async #wait(ms: number): Promise<void> {
    if (this.#allowed.hasTime(ms)) await this.#allowed.pause(ms)
    else this.#deferred = 'out-of-time'
  }

  /** Reports a try once, however many records the receiver did not accept. */
  #report(attempt: number, open: readonly Task[]): void {
    const [first] = open
    const why = first && cause(this.answer(first))
    if (first === undefined || why === undefined) return
    const { offset } = first.record
    this.#allowed.tried({ attempt, of: TRIES, records: open.length, offset, cause: why })
  }

  async #call(batch: readonly Task[], call: Call): Promise<void> {
    if (this.#deferred) return
    if (!this.#allowed.hasTime(0)) {
      this.#deferred = 'out-of-time'
      return
    }
    try {
      const given: unknown = await call(batch)
      const answers = Array.isArray(given) ? given : []
      const answered = answers.filter(isAnswer).length
      if (answers.length !== batch.length || answered !== batch.length)
        throw new WrongAnswers(`the sink gave ${answered} answers for ${batch.length} events`)
      for (const [index, { record }] of batch.entries())
        this.#answers.set(record.offset, answers[index] as Answer)
    } catch (error) {
      if (error instanceof ReceiverUnavailable) this.#deferred = 'receiver-unavailable'
      else if (batch.length === 1)
        this.#answers.set((batch[0] as Task).record.offset, {
          kind: 'thrown',
          error,
        })
      // One event may have failed the whole batch: offer each of them alone.
      else for (const task of batch) await this.#call([task], call)
    }
  }

  async #digest(tasks: readonly Task[]): Promise<readonly Delivered[]> {
    const ids = tasks.flatMap(({ event: { source, id } }) => [source, id])
    const key = derivedId('digest', this.#sink.name, ...ids)
    const answer = await this.#sink.digest?.deliver({ deliveries: tasks.map(this.#delivery), key })
    return tasks.map(() => answer as Delivered)
  }

  readonly #delivery = ({ event, record: { topic, partition, offset } }: Task) => ({
    event,
    key: derivedId('delivery', this.#sink.name, event.source, event.id),
    topic,
    partition,
    offset,
  })
}

/** Why the receiver did not accept an event this time; undefined if it has accepted or rejected it. */
function cause(answer: Answer | undefined): Tried['cause'] | undefined {
  if (answer?.kind === 'retry') return { safeMessage: answer.safeMessage }
  // Another try would be answered in the same way.
  if (answer?.kind !== 'thrown' || answer.error instanceof WrongAnswers) return undefined
  return { error: answer.error }
}

/** The sink did not answer as its types promise. */
class WrongAnswers extends Error {}

const KINDS: readonly unknown[] = ['delivered', 'retry', 'rejected'] satisfies Delivered['kind'][]

/** A sink can bypass its types and return something else. An event without an answer would be offered forever. */
function isAnswer(answer: unknown): boolean {
  return KINDS.includes((answer as Partial<Delivered> | null | undefined)?.kind)
}

type Call = (batch: readonly Task[]) => Promise<readonly Delivered[]>
