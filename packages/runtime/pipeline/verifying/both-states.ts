/**
 * A live partition state, and the same state computed from its log. Each load returns a snapshot of the live state at some offset,
 * and the computed state is advanced to that offset.
 */
import { formatEntity } from '../../consumer/event.ts'
import { type Consumer, getContextTypes } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import type { Decision } from '../model/decision.ts'
import { advance, BEFORE_LOG, type ReadRange } from '../model/log.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { LoadSelection, Snapshot } from '../model/snapshot.ts'
import type { StateStore } from '../ports.ts'
import type { ComputedStates, StateContents } from '../replacing/replaceable-states.ts'
import { type Contents, Replay, type Replaying, readContents, toLoadSelection } from '../replay.ts'
import { seedState } from '../reprocessing/seed.ts'
import type { ComparableFrom } from './comparability.ts'

/** Read-only access to the live states of a consumer. */
export type LiveStates = Pick<StateStore, 'load'> & StateContents

export interface Verifying extends Replaying {
  readonly live: LiveStates
  readonly memory: () => ComputedStates
  readonly pause: (ms: number) => Promise<void>
  /** Called after each commit of the computed state of a partition. */
  readonly onDecisions?: (partition: number, decisions: readonly Decision[]) => void
  /** Called after each read of the log, with the number of records. */
  readonly onRead: (records: number) => void
}

/** Parts of both states, at the same offset. */
export interface LoadedStates {
  readonly live: Snapshot
  readonly again: Snapshot
}

/** Yields the names of all entities that have a state or timers. An entity may be returned twice. */
export async function* listEntities(states: StateContents, stateKey: StateKey): AsyncGenerator<string> {
  for await (const [entity] of states.states(stateKey)) yield entity
  for await (const [entity] of states.timers(stateKey)) yield entity
}

const PAUSE_MS = 20
/** Number of attempts to load a live state while it is not between two timers that fire before the same record. */
const LOOKS = 500

export class BothStates {
  readonly read: LogRead
  readonly #work: Verifying
  readonly #replay: Replay
  readonly #states: StateContents
  readonly #epoch: number

  private constructor(work: Verifying, replay: Replay, states: StateContents, read: LogRead, epoch: number) {
    this.#work = work
    this.#replay = replay
    this.#states = states
    this.read = read
    this.#epoch = epoch
  }

  /** Computes the state from the beginning on. @param onDecisions called after each commit */
  static async begin(
    work: Verifying,
    stateKey: StateKey,
    { offset, doubt }: ComparableFrom,
    onDecisions: (decisions: readonly Decision[]) => void,
  ): Promise<BothStates> {
    const { live } = work
    // Without the start of the log, known entities look new. Other code may have made fewer entities. Either would change which
    // entities exceed the limit for new ones.
    const { newEntities: _, ...unlimited } = work.consumer
    const consumer = doubt ? (unlimited as Consumer) : work.consumer
    const states = work.memory()
    const read = new LogRead(consumer, offset)
    const afterCommit = (decisions: readonly Decision[]) => {
      for (const decision of decisions) read.addDecision(decision)
      onDecisions(decisions)
    }
    const replay = new Replay({ ...work, consumer }, stateKey, states, { afterCommit })
    if (offset > 0) await seedState(states, live, stateKey, offset, consumer)
    const { version } = await live.facts(stateKey)
    return new BothStates(work, replay, states, read, version.epoch)
  }

  /** Loads the same parts of both states. @throws CopyStopped if the log has lost the record at the offset of the live state */
  async load(wanted: Partial<LoadSelection>): Promise<LoadedStates> {
    const live = await this.#loadLive(wanted)
    await this.#replay.advanceTo(live.version.appliedOffset, (looked, fromOffset) => {
      this.read.addRead(looked, fromOffset)
      this.#work.onRead(looked.records.length)
    })
    return { live, again: await this.#replay.load(wanted) }
  }

  /** Returns the contents of the computed state. */
  contents(): Promise<Contents> {
    return readContents(this.#states, this.#replay.stateKey)
  }

  /** Loads the live state at a moment at which it is not between two timers that fire before the same record. */
  async #loadLive(wanted: Partial<LoadSelection>): Promise<Snapshot> {
    const { stateKey } = this.#replay
    const place = `${stateKey.topic}/${stateKey.partition}`
    for (let look = 1; look <= LOOKS; look += 1) {
      const snapshot = await this.#work.live.load(stateKey, toLoadSelection(wanted))
      if (snapshot.version.epoch !== this.#epoch)
        throw new CopyStopped('replaced', `the live state of ${place} was replaced in the meantime`)
      if (snapshot.version.fired === 0) return snapshot
      await this.#work.pause(PAUSE_MS)
    }
    throw new CopyStopped('waiting', `${place} stays between two timers of one record`)
  }
}

/** The records that were read again. */
export class LogRead {
  records = 0
  /** True if a part of the log to be read had expired. */
  hasExpired = false
  /** Offset of the first record of each entity. */
  readonly firstRecord = new Map<string, number>()
  /** First offset at which an event set the context; infinite without such an event. A rejected event does not count. */
  #contextFrom = Number.POSITIVE_INFINITY
  /** First offset from which an id that is known must have been read; infinite if the log is shorter than the window of ids. */
  #idsFrom = Number.POSITIVE_INFINITY
  #clock = BEFORE_LOG
  readonly #setBy: readonly string[]
  readonly #idWindowMs: number
  readonly #isWhole: boolean

  constructor(consumer: Consumer, offset: number) {
    this.#setBy = getContextTypes(consumer)
    this.#idWindowMs = consumer.idWindowMs
    this.#isWhole = offset === 0
  }

  addRead({ records, logStart }: ReadRange, fromOffset: number): void {
    this.hasExpired ||= logStart > fromOffset
    this.records += records.length
  }

  addDecision({ event, offset, outcome, appendMs }: Decision): void {
    // Timers, and parked records that are decided later, do not advance the clock.
    if (outcome !== 'timer' && !outcome.startsWith('parked-')) {
      this.#clock = advance(this.#clock, appendMs)
      if (this.#clock.nowMs > this.#idWindowMs) this.#idsFrom = Math.min(this.#idsFrom, offset)
    }
    if (event === undefined) return
    const entity = formatEntity(event)
    if (!this.firstRecord.has(entity)) this.firstRecord.set(entity, offset)
    if (outcome === 'applied' && this.#setBy.includes(event.type))
      this.#contextFrom = Math.min(this.#contextFrom, offset)
  }

  /** First offset from which the context of the partition and the ids of its window are known. */
  get knownFrom(): number {
    if (this.#isWhole) return 0
    // Without a context, all records are decided alike. A context that only steps set is in no record, so it counts as known from the
    // start.
    return Math.max(this.#idsFrom, this.#setBy.length > 0 ? this.#contextFrom : 0)
  }
}
