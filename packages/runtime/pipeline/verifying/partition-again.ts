/** A partition state in memory, computed again by applying the log from a checkpoint or from the start of the log. */
import { CopyStopped } from '../errors.ts'
import type {
  Change,
  Decision,
  LoadSelection,
  RememberedFailure,
  RememberedId,
  Snapshot,
  StateKey,
} from '../model.ts'
import type { StateStore } from '../ports.ts'
import { type CheckpointPages, EMPTY_META, type KeptCheckpoint } from '../recovery/checkpoints.ts'
import { idsInBytes } from '../recovery/id-bytes.ts'
import { LogAgain, type MemoryStates, type Rereading } from '../reprocessing/log-again.ts'
import { withoutOutbox } from '../reprocessing/seed.ts'

export interface Beginning {
  /** First offset to read. */
  readonly offset: number
  /** Checkpoint from which the state is read before that offset; absent if the offset is the start of the log. */
  readonly checkpoint?: KeptCheckpoint
}

export interface PartitionContents {
  readonly entities: ReadonlySet<string>
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
}

/** Upper bound for the result of one load, in bytes. */
const LOAD_BYTES = 4 * 1024 * 1024

export class PartitionAgain {
  readonly stateKey: StateKey
  records = 0
  /** True if a part of the log to be read had expired. */
  hasExpired = false
  readonly #states: MemoryStates
  readonly #again: LogAgain
  #appliedOffset = -1

  /**
   * @param decided called after each commit
   * @param committing called before each commit
   */
  constructor(
    reading: Rereading,
    stateKey: StateKey,
    states: MemoryStates,
    decided: (decisions: readonly Decision[]) => void,
    committing: (change: Change) => void = () => {},
  ) {
    this.stateKey = stateKey
    this.#states = states
    const store: StateStore = {
      load: (key, wanted) => states.load(key, wanted),
      trimOutbox: (key, positions) => states.trimOutbox(key, positions),
      commit: (key, change) => {
        committing(change)
        return states.commit(key, change)
      },
    }
    this.#again = new LogAgain(reading, stateKey, store, (_, decisions) => decided(decisions))
  }

  /**
   * Sets the initial state.
   *
   * @param pages pages of the checkpoint, if there is one. Its outbox is omitted because it was published already.
   */
  async begin({ offset }: Beginning, pages: CheckpointPages | undefined): Promise<void> {
    if (pages) await this.#states.replace(this.stateKey, EMPTY_META.version, withoutOutbox(pages))
    this.#appliedOffset = offset - 1
  }

  /**
   * Applies the log up to and including this offset. The log must have a record at the offset.
   *
   * @throws CopyStopped if the state cannot be advanced; errors of the log reader are passed on
   */
  async to(toOffset: number, seen: (records: number) => void = () => {}): Promise<void> {
    const range = { fromOffset: this.#appliedOffset + 1, toOffset }
    if (range.fromOffset > toOffset) return
    await this.#again.decide(range, ({ records, logStart }, fromOffset) => {
      this.hasExpired ||= logStart > fromOffset
      this.records += records.length
      seen(records.length)
    })
    this.#appliedOffset = toOffset
  }

  load(wanted: Partial<LoadSelection>): Promise<Snapshot> {
    return this.#states.load(this.stateKey, wantedOf(wanted))
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
    const taken = await this.#states.take(this.stateKey)
    for await (const page of taken?.pages ?? [])
      for (const part of page)
        if (part.kind === 'state' || part.kind === 'timers') found.entities.add(part.entity)
        else if (part.kind === 'id') found.ids.push(part.id)
        else if (part.kind === 'ids') for (const id of idsInBytes(part.bytes)) found.ids.push(id)
        else if (part.kind === 'failure') found.failures.push(part.failure)
    return found
  }
}

export function wantedOf(wanted: Partial<LoadSelection>): LoadSelection {
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
