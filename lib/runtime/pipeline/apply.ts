/** Step 4: decides the records of a chunk in order. Timers that a record makes due fire before it. Pure. */
import type { LogRecord } from '../cloudevents/record.ts'
import { partsOfEntity } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { contextTypes, type Step, type Timer } from '../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from './consumer.ts'
import { Admission, type AlreadyDecided, type Task } from './deciding/admission.ts'
import { type Cause, eventCause, timerCause } from './deciding/cause.ts'
import type { Place } from './deciding/emission.ts'
import { erase } from './deciding/erase.ts'
import { LARGEST_ENTITY_BYTES, LARGEST_STEP_BYTES, MOST_TIMERS } from './deciding/limits.ts'
import { runStep, type StepFailure, type Stored } from './deciding/step.ts'
import { partsOfState, readState, versionOf } from './deciding/stored-state.ts'
import type { EntityTimer } from './deciding/timers.ts'
import { WorkingCopy } from './deciding/working-copy.ts'
import type { Decoded } from './decode.ts'
import { PartitionStopped } from './errors.ts'
import { FAILURE_RECORD_BYTES, timerFailure, timerFailureRecord } from './failures/failure-record.ts'
import { clockGapMs } from './log/clock.ts'
import type { Change, Decision, Deferred, LogClock, Snapshot } from './model.ts'

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
export function apply(consumer: Keyed, snapshot: Snapshot, chunk: readonly Decoded[]): Applied {
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

/**
 * Upper bound for the timers of an entity that fire before one of its events. Without it, a timer that sets itself again every
 * minute would fire millions of times between two events that are years apart, and block its partition for hours.
 */
const MOST_BEFORE_AN_EVENT = 1_000

/** Upper bound for what those timers emit together, in bytes: all of it goes into one commit. */
const MOST_BYTES_BEFORE_AN_EVENT = 2 * LARGEST_STEP_BYTES

const TOO_MANY = `${MOST_BEFORE_AN_EVENT} timers of its entity have fired before one event, and no more of them do`
const TOO_MUCH = `timers of its entity have emitted ${MOST_BYTES_BEFORE_AN_EVENT} bytes before one event, and no more of them fire`
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
  #timersLeft: number

  constructor(consumer: Keyed, copy: WorkingCopy) {
    this.#consumer = consumer
    this.#copy = copy
    this.#admission = new Admission(consumer, copy)
    this.#timersLeft = consumer.limits.timers
  }

  /** Whether the next timer must wait for the next commit. */
  get #isFull(): boolean {
    return this.#timersLeft <= 0 || this.#copy.isFull
  }

  decide(decoded: Decoded, clock: LogClock): Outcome {
    const { record } = decoded
    const { nowMs } = clock
    const { timerQueue } = this.#copy
    for (let next = timerQueue.passed(nowMs); next; next = timerQueue.passed(nowMs)) {
      if (next === 'not-loaded' || this.#isFull) return FULL
      if (this.#isNewer(next.entity)) return this.#leave(next.entity)
      this.#fire(next, record)
    }
    const admitted = this.#admission.admit(decoded, clock)
    if (admitted.kind === 'decided') return admitted
    const { task } = admitted
    const { entity, timeMs } = task.event
    const { application, process } = this.#consumer
    const isErasure = task.event.type === application.erasureType
    // A state of later code can be removed unread, unless the process wants to read it.
    if (this.#isNewer(entity) && !(isErasure && !process.onErase)) return this.#leave(entity)
    if (isErasure)
      return { kind: 'decided', decision: erase(this.#consumer, this.#copy, this.#admission, task) }
    // These timers fire in one commit or not at all: the next commit would not know how many have fired already.
    const dueBefore = () => timerQueue.dueBefore(entity, timeMs, name => process.awaitsLog?.(name) ?? false)
    if (this.#isFull && dueBefore()) return FULL
    const sentBefore = this.#copy.sentBytes
    let fired = 0
    for (let next = dueBefore(); next; next = dueBefore()) {
      fired += 1
      const sentBytes = this.#copy.sentBytes - sentBefore
      if (fired > MOST_BEFORE_AN_EVENT) this.#discard(next, record, TOO_MANY)
      else if (sentBytes > MOST_BYTES_BEFORE_AN_EVENT) this.#discard(next, record, TOO_MUCH)
      else this.#fire(next, record)
    }
    const setsContext = process.context && contextTypes(process.context).includes(task.event.type)
    return { kind: 'decided', decision: setsContext ? this.#setContext(task) : this.#step(task) }
  }

  /** Sets the context for all later steps, of events and of timers. */
  #setContext(task: Task): Decision {
    const set = this.#copy.context.set(task.event)
    return typeof set === 'string' ? this.#admission.processed(task, set) : this.#admission.fail(task, set)
  }

  /** The state of the entity; undefined if it has none. Throws if the state cannot be read or migrated. */
  #state(entity: string): unknown {
    const stored = this.#copy.stored(entity)
    return stored === undefined ? undefined : readState(this.#consumer.process, stored)
  }

  /** Whether a later version of the code stored the state of the entity: this version would misread it. */
  #isNewer(entity: string): boolean {
    const stored = this.#copy.stored(entity)
    return stored !== undefined && partsOfState(stored).version > versionOf(this.#consumer.process)
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

  #fire(due: EntityTimer, record: LogRecord): void {
    const { entity, timer } = due
    const { process } = this.#consumer
    const at = this.#take(due, record)
    const fires: Timer = { name: timer.name, dueMs: timer.dueMs, entity, ...partsOfEntity(entity) }
    const step = this.#run(entity, timerCause(due), at, () =>
      onTimer(process, this.#state(entity), fires, this.#copy.context.value),
    )
    if (step.kind === 'failure') {
      this.#fail(due, record, step, at)
      // The timer is gone, so nothing else would remove the entity: its state would stay in the store.
      if (step.forgets) this.#copy.forget(entity)
      return
    }
    this.#copy.take(entity, step)
    this.#copy.fired({ ...firedBefore(record, due), reason: step.reason })
  }

  #discard(due: EntityTimer, record: LogRecord, why: string): void {
    this.#fail(due, record, failure('timer-rejected', why), this.#take(due, record))
  }

  /** Removes the timer from the queue. Returns the place of the next emission. */
  #take({ entity, timer }: EntityTimer, { offset }: LogRecord): Place {
    this.#timersLeft -= 1
    this.#copy.timerQueue.cancel(entity, timer.name)
    return this.#copy.placeAt(offset)
  }

  #fail(due: EntityTimer, record: LogRecord, why: Failure, at: Place): void {
    const failed = timerFailure(due, why)
    this.#copy.send([timerFailureRecord(this.#consumer, due, record, failed, at)], FAILURE_RECORD_BYTES)
    this.#copy.fired({ ...firedBefore(record, due), reason: failed.code, failure: failed })
  }

  /** Runs a step. It fails if it would leave its entity with more state or timers than the limits allow. */
  #run(entity: string, cause: Cause, at: Place, call: () => Step<unknown>): Stored | StepFailure {
    const step = runStep(this.#consumer, cause, at, call)
    if (step.kind === 'failure' || !this.#copy.isTooLarge(entity, step)) return step
    return failure(
      'state-too-large',
      `an entity may have ${LARGEST_ENTITY_BYTES} bytes of state and timers, and ${MOST_TIMERS} timers, and this one would have more`,
    )
  }

  /** Lets the process handle the event. The record fails if the process throws, or if its step cannot be stored. */
  #step(task: Task): Decision {
    const { record, event, clock } = task
    const { process } = this.#consumer
    const cause = eventCause(event, clock.nowMs, process.allowedLatenessMs ?? 0)
    const at = this.#copy.placeAt(record.offset)
    const step = this.#run(event.entity, cause, at, () =>
      process.onEvent(this.#state(event.entity), event, this.#copy.context.value),
    )
    if (step.kind === 'failure') return this.#admission.fail(task, step)
    this.#copy.take(event.entity, step)
    return this.#admission.processed(task, step.reason)
  }
}

function firedBefore({ offset, timestampMs: appendMs }: LogRecord, { entity, timer }: EntityTimer) {
  return { offset, appendMs, outcome: 'timer', timer: { ...timer, entity } } as const
}

function onTimer(process: AnyKeyedProcess, state: unknown, timer: Timer, context: unknown) {
  if (!process.onTimer) throw new Error(`has no onTimer any more, but a timer ${timer.name}`)
  return process.onTimer(state, timer, context)
}
