/** Offers events to the receiver of a sink in batches: again what it did not accept, and one by one what a batch threw for. */

import { PermanentError, RetryableError } from '../../consumer/author-errors.ts'
import { derivedId } from '../../consumer/derived-id.ts'
import type { Delivered, Sink } from '../../consumer/sink.ts'
import type { DeferredReason } from '../reasons.ts'
import type { Task } from './admission.ts'
import { TRIES, type Tried, type TriesAllowed, waitAfterMs } from './tries.ts'

interface Thrown {
  readonly kind: 'thrown'
  readonly error: unknown
  /** Another try would be answered in the same way. */
  readonly isFinal: boolean
}

export type Answer = Delivered | Thrown
export type ReceiverDeferral = Extract<DeferredReason, 'out-of-time' | 'receiver-unavailable'>

interface OffersAllowed extends Pick<TriesAllowed, 'pause' | 'tried'> {
  /** The time left in which a call may begin, in milliseconds; negative if none may. */
  readonly leftMs: () => number
  /** Whether the invocation has decided nothing else of the partition: then something of this must be decided. */
  readonly isFirst: boolean
}

export class Receiver {
  readonly #sink: Sink
  readonly #allowed: OffersAllowed
  readonly #pace: Pace
  readonly #answers = new Map<number, Answer>()
  #deferred: ReceiverDeferral | undefined

  constructor(sink: Sink, allowed: OffersAllowed) {
    this.#sink = sink
    this.#allowed = allowed
    this.#pace = new Pace(allowed.leftMs)
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
    const head = this.#allowed.isFirst && this.#answers.size === 0 ? tasks[0] : undefined
    const asDigest = {
      batchSize: Number.POSITIVE_INFINITY,
      call: (old: readonly Task[]) => this.#digest(old),
      head,
    }
    await this.#insist(tasks.filter(isOld), asDigest)
    const { batchSize = 1 } = this.#sink
    const call = (batch: readonly Task[]) => this.#sink.deliver(batch.map(this.#delivery))
    await this.#insist(
      tasks.filter(task => !isOld(task)),
      { batchSize, call, head },
    )
  }

  /** Offers the tasks in batches, and those that the receiver did not accept again after a pause. */
  async #insist(tasks: readonly Task[], { batchSize, call, head }: Manner): Promise<void> {
    let open = tasks
    for (let attempt = 1; open.length > 0 && attempt <= TRIES && !this.#deferred; attempt += 1) {
      if (attempt > 1 && !(await this.#waited(waitAfterMs(attempt - 1)))) break
      this.#pace.begin()
      for (let at = 0; at < open.length; at += batchSize)
        await this.#call(open.slice(at, at + batchSize), call, attempt === 1)
      open = open.filter(task => cause(this.answer(task)) !== undefined)
      if (this.#deferred !== 'receiver-unavailable') this.#report(attempt, open)
    }
    // Events that have not had all their offers have not failed yet: they wait with the rest. Where they come first in an
    // invocation, the next one would have no more time for them: the tries that fitted must do.
    const mustDo = this.#deferred === 'out-of-time' && open[0] === head
    if (this.#deferred && !mustDo) for (const { record } of open) this.#answers.delete(record.offset)
    if (tasks.some(task => !this.answer(task))) this.#deferred ??= 'out-of-time'
  }

  /** Waits if that leaves time for what is behind: otherwise the records wait in Kafka. @returns whether there was time */
  async #waited(ms: number): Promise<boolean> {
    if (this.#pace.fitsAgain(ms)) await this.#allowed.pause(ms)
    else this.#deferred = 'out-of-time'
    return !this.#deferred
  }

  #report(attempt: number, open: readonly Task[]): void {
    const [first] = open
    const why = first && cause(this.answer(first))
    if (first === undefined || why === undefined) return
    const { offset } = first.record
    this.#allowed.tried({ attempt, of: TRIES, records: open.length, offset, cause: why })
  }

  /** @param isFirst whether these are offered for the first time: not if that takes the time of those that have failed */
  async #call(batch: readonly Task[], call: Call, isFirst: boolean): Promise<void> {
    if (this.#deferred || (isFirst && !this.#pace.fitsAnother)) return
    if (this.#allowed.leftMs() < 0) {
      this.#deferred = 'out-of-time'
      return
    }
    const { thrown, ms } = await this.#reached(batch, call)
    const isUnavailable = thrown?.error instanceof RetryableError
    if (thrown && !isUnavailable && batch.length === 1)
      this.#answers.set((batch[0] as Task).record.offset, thrown)
    const hasFailed = batch.some(task => cause(this.answer(task)) !== undefined)
    const result = thrown && batch.length > 1 ? 'to-divide' : hasFailed ? 'failed' : 'taken'
    this.#pace.took(ms, result)
    if (isUnavailable) this.#deferred = 'receiver-unavailable'
    // One event may have failed the whole batch: offer each of them alone.
    else if (result === 'to-divide') for (const task of batch) await this.#call([task], call, isFirst)
  }

  /** Calls a receiver that is out of reach again. @returns how long the last call took, and what it threw */
  async #reached(batch: readonly Task[], call: Call): Promise<{ thrown: Thrown | undefined; ms: number }> {
    const { pause, tried, leftMs } = this.#allowed
    for (let attempt = 1; ; attempt += 1) {
      const fromMs = leftMs()
      const thrown = await this.#answered(batch, call)
      const ms = fromMs - leftMs()
      if (!(thrown?.error instanceof RetryableError)) return { thrown, ms }
      const { offset } = (batch[0] as Task).record
      tried({ attempt, of: TRIES, records: batch.length, offset, cause: { error: thrown.error } })
      const waitMs = waitAfterMs(attempt)
      if (attempt === TRIES || leftMs() < waitMs + ms) return { thrown, ms }
      await pause(waitMs)
    }
  }

  /** Calls the receiver, and keeps its answers. @returns what was thrown instead */
  async #answered(batch: readonly Task[], call: Call): Promise<Thrown | undefined> {
    try {
      const given: unknown = await call(batch)
      const answers = Array.isArray(given) ? given : []
      const answered = answers.filter(isAnswer).length
      if (answers.length !== batch.length || answered !== batch.length)
        return {
          kind: 'thrown',
          error: new Error(`the sink gave ${answered} answers for ${batch.length} events`),
          isFinal: true,
        }
      for (const [index, { record }] of batch.entries())
        this.#answers.set(record.offset, answers[index] as Answer)
      return undefined
    } catch (error) {
      return { kind: 'thrown', error, isFinal: error instanceof PermanentError }
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
  if (answer?.kind !== 'thrown' || answer.isFinal) return undefined
  return { error: answer.error }
}

const KINDS: readonly unknown[] = ['delivered', 'retry', 'rejected'] satisfies Delivered['kind'][]

/** A sink can bypass its types and return something else. An event without an answer would be offered forever. */
function isAnswer(answer: unknown): boolean {
  return KINDS.includes((answer as Partial<Delivered> | null | undefined)?.kind)
}

type Call = (batch: readonly Task[]) => Promise<readonly Delivered[]>

interface Manner {
  readonly batchSize: number
  readonly call: Call
  /** The first event of the partition in this invocation, if it is here. */
  readonly head: Task | undefined
}

const WAITS_MS = [...Array(TRIES - 1).keys()].reduce((sum, index) => sum + waitAfterMs(index + 1), 0)

/** Shares the rest of an invocation between records that were not offered yet, and further tries of those that failed. */
class Pace {
  readonly #leftMs: () => number
  /** Duration of this round's failed offers. */
  #failedMs = 0
  #hasFailed = false
  #longestMs = 0

  /** @param leftMs the time left in which an offer may begin */
  constructor(leftMs: () => number) {
    this.#leftMs = leftMs
  }

  begin(): void {
    this.#failedMs = 0
    this.#hasFailed = false
  }

  /** Notes an offer; one of a batch that must be divided says nothing of any one record. */
  took(ms: number, result: 'taken' | 'failed' | 'to-divide'): void {
    this.#longestMs = Math.max(this.#longestMs, ms)
    if (result !== 'taken') this.#failedMs += ms
    if (result === 'failed') this.#hasFailed = true
  }

  /** Whether those that failed in this round can be offered again after a wait, if that takes as long as it did. */
  fitsAgain(waitMs: number): boolean {
    return this.#leftMs() >= waitMs + this.#failedMs
  }

  /** Whether another record could fail, and all that have failed so far could still have all their tries. */
  get fitsAnother(): boolean {
    if (!this.#hasFailed) return true
    return this.#leftMs() >= (TRIES - 1) * this.#failedMs + TRIES * this.#longestMs + WAITS_MS
  }
}
