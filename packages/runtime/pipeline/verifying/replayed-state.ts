/** A partition state in memory, computed again by applying the log from the first record that it still has. */
import { formatEntity } from '../../consumer/event.ts'
import { type Consumer, getContextTypes } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import type { Decision } from '../model/decision.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import { advance, BEFORE_LOG } from '../model/log.ts'
import type { RememberedId, StateKey } from '../model/partition-state.ts'
import type { Change, LoadSelection, Snapshot } from '../model/snapshot.ts'
import type { StateStore } from '../ports.ts'
import { idsInBytes } from '../replacing/id-bytes.ts'
import { LogReplay, type MemoryStates, type Rereading } from '../reprocessing/log-replay.ts'
import { emptyAt, type SeedSource } from '../reprocessing/seed.ts'

export interface PartitionContents {
  readonly entities: ReadonlySet<string>
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
}

/** Upper bound for the result of one load, in bytes. */
const LOAD_BYTES = 4 * 1024 * 1024

export class ReplayedState {
  readonly stateKey: StateKey
  records = 0
  /** True if a part of the log to be read had expired. */
  hasExpired = false
  /** Offset of the first record of each entity. */
  readonly firstRecord = new Map<string, number>()
  /** First offset at which an event set the context; infinite without such an event. A rejected event does not count. */
  contextFrom = Number.POSITIVE_INFINITY
  /** First offset from which an id that is known must have been read; infinite if the log is shorter than the window of ids. */
  idsFrom = Number.POSITIVE_INFINITY
  readonly #states: MemoryStates
  readonly #again: LogReplay
  readonly #consumer: Consumer
  #clock = BEFORE_LOG
  #appliedOffset = -1

  /**
   * @param onDecisions called after each commit
   * @param beforeCommit called before each commit
   */
  constructor(
    reading: Rereading,
    stateKey: StateKey,
    states: MemoryStates,
    onDecisions: (decisions: readonly Decision[]) => void,
    beforeCommit: (change: Change) => void = () => {},
  ) {
    this.stateKey = stateKey
    this.#states = states
    const store: StateStore = {
      load: (key, wanted) => states.load(key, wanted),
      trimOutbox: (key, positions) => states.trimOutbox(key, positions),
      commit: (key, change) => {
        beforeCommit(change)
        return states.commit(key, change)
      },
    }
    this.#consumer = reading.consumer
    const setBy = getContextTypes(reading.consumer)
    this.#again = new LogReplay(reading, stateKey, store, (_, decisions) => {
      for (const decision of decisions) this.#note(decision, setBy)
      onDecisions(decisions)
    })
  }

  /** Sets the first offset to read. @param live live state, of which a later offset needs the context and the open failures */
  async begin(offset: number, live: SeedSource): Promise<void> {
    const seed = emptyAt(live, this.stateKey, offset, this.#consumer)
    if (offset > 0) await this.#states.replace(this.stateKey, seed)
    this.#appliedOffset = offset - 1
  }

  #note({ event, offset, outcome, appendMs }: Decision, setBy: readonly string[]): void {
    // Timers, and parked records that are decided later, do not advance the clock.
    if (outcome !== 'timer' && !outcome.startsWith('parked-')) {
      this.#clock = advance(this.#clock, appendMs)
      if (this.#clock.nowMs > this.#consumer.idWindowMs) this.idsFrom = Math.min(this.idsFrom, offset)
    }
    if (event === undefined) return
    const entity = formatEntity(event)
    if (!this.firstRecord.has(entity)) this.firstRecord.set(entity, offset)
    if (outcome === 'applied' && setBy.includes(event.type))
      this.contextFrom = Math.min(this.contextFrom, offset)
  }

  /**
   * Applies the log up to and including this offset. The log must have a record at the offset.
   *
   * @throws CopyStopped if the state cannot be advanced; errors of the log reader are passed on
   */
  async advanceTo(toOffset: number, onRead: (records: number) => void = () => {}): Promise<void> {
    const range = { fromOffset: this.#appliedOffset + 1, toOffset }
    if (range.fromOffset > toOffset) return
    await this.#again.decide(range, ({ records, logStart }, fromOffset) => {
      this.hasExpired ||= logStart > fromOffset
      this.records += records.length
      onRead(records.length)
    })
    this.#appliedOffset = toOffset
  }

  load(wanted: Partial<LoadSelection>): Promise<Snapshot> {
    return this.#states.load(this.stateKey, toLoadSelection(wanted))
  }

  /**
   * Loads parts of the state.
   *
   * @throws CopyStopped if the state is not at this offset, because the log has lost the record at the offset
   */
  async loadAt(offset: number, wanted: Partial<LoadSelection>): Promise<Snapshot> {
    const snapshot = await this.load(wanted)
    const { appliedOffset } = snapshot.version
    if (appliedOffset === offset) return snapshot
    const { topic, partition } = this.stateKey
    throw new CopyStopped(
      'waiting',
      `${topic}/${partition} was applied up to offset ${appliedOffset}, but the live state is at ${offset}: check whether the log still has that record`,
    )
  }

  /** Returns the names of entities, the ids and the failures of the state. States and timers are not included. */
  async contents(): Promise<PartitionContents> {
    const found = {
      entities: new Set<string>(),
      ids: [] as RememberedId[],
      failures: [] as RememberedFailure[],
    }
    for await (const page of this.#states.pages(this.stateKey))
      for (const part of page)
        if (part.kind === 'state' || part.kind === 'timers') found.entities.add(part.entity)
        else if (part.kind === 'id') found.ids.push(part.id)
        else if (part.kind === 'ids') for (const id of idsInBytes(part.bytes)) found.ids.push(id)
        else if (part.kind === 'failure') found.failures.push(part.failure)
    return found
  }
}

export function toLoadSelection(wanted: Partial<LoadSelection>): LoadSelection {
  return {
    entities: [],
    ids: [],
    failures: [],
    idWindowMs: 0,
    span: { firstAppendMs: 0, advanceMs: 0 },
    timerLimit: 1,
    byteLimit: LOAD_BYTES,
    contexts: [],
    ...wanted,
  }
}
