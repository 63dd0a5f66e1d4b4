/** Step 4: decides the records of a chunk in order. Timers that a record makes due fire before it. Pure. */
import type { LogRecord } from '../cloudevents/record.ts'
import { contextTypes } from '../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from './consumer.ts'
import { Admission, type AlreadyDecided, type Task } from './deciding/admission.ts'
import { erase } from './deciding/erase.ts'
import { Holding } from './deciding/holding.ts'
import { Steps } from './deciding/steps.ts'
import { versionOf } from './deciding/stored-state.ts'
import { WorkingCopy } from './deciding/working-copy.ts'
import type { Decoded } from './decode.ts'
import { PartitionStopped } from './errors.ts'
import { clockGapMs } from './log/clock.ts'
import type { Change, Decision, Deferred, EndedFailure, LogClock, Snapshot } from './model.ts'
import type { IgnoredReason } from './reasons.ts'

export interface Applied {
  readonly decisions: readonly Decision[]
  readonly change: Change
  /** Clock gaps: time that the log's clock did not count, each with the offset of the record after it. */
  readonly clockGap: readonly { readonly beforeOffset: number; readonly ms: number }[]
  /** Why the rest of the chunk must wait; absent if it need not. */
  readonly deferred?: Deferred
  /** Why the stored context could not be read; undefined if it could, or if no step asked for it. */
  readonly unreadableContext?: string | undefined
}

type Keyed = Consumer<AnyKeyedProcess>

/**
 * Decides as much of the chunk as fits into one commit; if too many timers fire, that is only a part of it. The chunk has at
 * least one record, and all its records lie after the snapshot's applied offset. Chunk boundaries never affect the decisions.
 */
export function apply(consumer: Keyed, snapshot: Snapshot, chunk: Iterable<Decoded>): Applied {
  const copy = new WorkingCopy(consumer, snapshot)
  const front = new Chunk(consumer, copy)
  const clockGap: { beforeOffset: number; ms: number }[] = []
  for (const decoded of chunk) {
    if (copy.isFull) break
    const { offset, timestampMs } = decoded.record
    const ms = clockGapMs(copy.clock, timestampMs)
    const clock = copy.clockAt(decoded.record)
    const outcome = front.decide(decoded, clock)
    if (outcome.kind === 'full') break
    if (outcome.kind === 'deferred')
      return { decisions: copy.decisions, change: copy.change, clockGap, deferred: outcome.deferred }
    copy.decided(decoded.record, clock, outcome.decision)
    if (ms > 0) clockGap.push({ beforeOffset: offset, ms })
  }
  const { unreadable } = copy.context
  return { decisions: copy.decisions, change: copy.change, clockGap, unreadableContext: unreadable }
}

/** Names of entities are cut to this many characters in messages. */
const LONGEST_NAME = 200

type Outcome =
  | AlreadyDecided
  /** The commit is full, and the record is not decided yet. */
  | { readonly kind: 'full' }
  /** The record cannot be decided by this code. */
  | { readonly kind: 'deferred'; readonly deferred: Deferred }

const FULL: Outcome = { kind: 'full' }

class Chunk {
  readonly #consumer: Keyed
  readonly #copy: WorkingCopy
  readonly #admission: Admission
  readonly #steps: Steps
  readonly #holding: Holding

  constructor(consumer: Keyed, copy: WorkingCopy) {
    this.#consumer = consumer
    this.#copy = copy
    this.#admission = new Admission(consumer, copy)
    this.#steps = new Steps(consumer, copy)
    this.#holding = new Holding(consumer, copy, this.#admission, this.#steps)
  }

  decide(decoded: Decoded, clock: LogClock): Outcome {
    const stopped = this.#fireTimers(decoded.record, clock)
    if (stopped) return stopped
    const ended = decoded.kind === 'ignored' ? decoded.endedFailure : undefined
    if (ended !== undefined) return this.#ended(ended, decoded, clock)
    const admitted = this.#admission.admit(decoded, clock)
    if (admitted.kind === 'decided') return decided(this.#holding.settled(admitted, clock))
    const { task } = admitted
    const { event, attemptAt, fingerprint } = task
    const { application, process } = this.#consumer
    const isErasure = event.type === application.erasureType
    // A state of later code can be removed unread, unless the process wants to read it.
    if (this.#steps.isNewer(event.entity) && !(isErasure && !process.onErase))
      return this.#leave(event.entity)
    const outcome = isErasure ? this.#erase(task) : this.#process(task)
    if (outcome.kind !== 'decided') return outcome
    return decided(this.#holding.settled({ ...outcome, attemptAt }, clock, fingerprint.id))
  }

  /** Fires the timers of all entities that the clock has passed, and applies what is parked of released ones. */
  #fireTimers(record: LogRecord, clock: LogClock): Outcome | undefined {
    const { timerQueue, states } = this.#copy
    for (let next = timerQueue.passed(clock.nowMs); next; next = timerQueue.passed(clock.nowMs)) {
      if (next === 'not-loaded' || this.#steps.isFull) return FULL
      if (this.#steps.isNewer(next.entity)) return this.#leave(next.entity)
      const hold = states.hold(next.entity)
      if (!hold) this.#steps.fire(next, record)
      else if (hold.waitsFor) this.#holding.giveUp(next.entity, hold, 'time', record, clock)
      else this.#holding.goOn(next.entity, hold, record, clock)
    }
    return undefined
  }

  #process(task: Task): Outcome {
    const { record, event, clock } = task
    const { process } = this.#consumer
    const setsContext = process.context && contextTypes(process.context).includes(event.type)
    while (true) {
      const hold = this.#copy.states.hold(event.entity)
      if (!hold) break
      // A context is not the entity's own, and needs no order with its events.
      if (setsContext) return decided(this.#setContext(task))
      if (task.isTick) return decided(this.#admission.processed(task, 'tick' satisfies IgnoredReason))
      if (this.#steps.isFull) return FULL
      if (task.attemptAt && task.attemptAt.id === hold.waitsFor?.failure)
        return decided(this.#holding.retry(task, hold))
      const parked = this.#holding.park(task, hold)
      if (parked) return decided(parked)
      this.#holding.giveUp(event.entity, hold, 'full', record, clock)
      const stopped = this.#fireTimers(record, clock)
      if (stopped) return stopped
    }
    // These timers fire in one commit or not at all: the next commit would not know how many have fired already.
    if (this.#steps.isFull && this.#steps.dueBefore(event.entity, event.timeMs)) return FULL
    this.#steps.fireDueBefore(event.entity, event.timeMs, record)
    return decided(setsContext ? this.#setContext(task) : this.#holding.step(task))
  }

  /** Sets the context for all later steps, of events and of timers. */
  #setContext(task: Task): Decision {
    const set = this.#copy.context.set(task.event)
    return typeof set === 'string' ? this.#admission.processed(task, set) : this.#admission.fail(task, set)
  }

  #erase(task: Task): Outcome {
    const { entity } = task.event
    const hold = this.#copy.states.hold(entity)
    if (hold) this.#holding.erase(entity, hold, task.clock)
    const decision = erase(this.#consumer, this.#copy, this.#admission, task, hold !== undefined)
    return decided(hold?.waitsFor ? { ...decision, hold: 'erased' } : decision)
  }

  /** An event that says that a failure is not retried any more. */
  #ended(failure: EndedFailure, { record, event }: Decoded, clock: LogClock): Outcome {
    const { offset, timestampMs: appendMs } = record
    const place = { offset, appendMs, ...(event ? { event } : {}), reason: 'failure-ended' }
    const hold = this.#holding.ended(failure, clock)
    return decided(hold ? { ...place, outcome: 'applied', hold } : { ...place, outcome: 'ignored' })
  }

  #leave(entity: string): Outcome {
    const { process } = this.#consumer
    const error = new PartitionStopped(
      'state-newer-than-code',
      `the state of ${entity.slice(0, LONGEST_NAME)} was stored by a later version of ${process.name} than this one (version ` +
        `${versionOf(process)}), and is left alone: deploy that code again, or drop the state with \`sluice state drop\``,
    )
    return { kind: 'deferred', deferred: { reason: error.code, error } }
  }
}

function decided(decision: Decision): AlreadyDecided {
  return { kind: 'decided', decision }
}
