/** Writes to a rebuilt state what does not come from its log: adopted states, emissions of the takeover, remembered failures. */

import { type Application, topicOf } from '../../consumer/application.ts'
import type { Consumer } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import { failureBytesOf } from '../failures/failure-memory.ts'
import type { Change, OutboxEntry, Snapshot, StateKey, Wanted } from '../model.ts'
import type { StateStore } from '../ports.ts'

const DAY_MS = 24 * 60 * 60_000

export type Addition = Partial<Pick<Change, 'states' | 'outbox' | 'ids' | 'failures'>>

export class RebuiltState {
  readonly store: StateStore
  readonly #consumer: Consumer
  readonly #partitionState: StateKey
  readonly #code: string
  readonly #epoch: number

  /**
   * @param code see `codeOf`
   * @param epoch that the state has as long as it is this command's
   */
  constructor(store: StateStore, consumer: Consumer, partitionState: StateKey, code: string, epoch: number) {
    this.store = store
    this.#epoch = epoch
    this.#consumer = consumer
    this.#partitionState = partitionState
    this.#code = code
  }

  /** Stores this without moving the applied offset. @throws CopyStopped if another command works on the same state */
  async add({ states = new Map(), outbox = [], ids = [], failures = [] }: Addition): Promise<void> {
    const { application, idWindowMs, failureBytes } = this.#consumer
    const snapshot = await this.#nothing()
    const { version, emitted, parkedBytes, newEntities } = snapshot
    const { clock, appliedDigest, failureMemory, failuresFromMs } = snapshot
    const change: Change = {
      base: version,
      ...version,
      emitted,
      parkedBytes,
      ...(newEntities ? { newEntities } : {}),
      clock,
      appliedDigest,
      states,
      timers: new Map(),
      ids,
      failures,
      outbox,
      tally: new Map(),
      idWindowMs,
      failureWindowMs: failureWindowMs(application),
      failureBytes: failureBytesOf(application, failureBytes, this.#partitionState.topic),
      // They were reported when the live state forgot them.
      forgottenTold: failureMemory.forgotten,
      failuresFromMs,
      code: this.#code,
    }
    if ((await this.store.commit(this.#partitionState, change)) === 'refused')
      throw new CopyStopped('overtaken', 'another command works on the same rebuilt state')
  }

  /** Removes what an earlier attempt has left in the outbox: takeover events. New failures stay. */
  async emptyOutbox(): Promise<void> {
    const { outbox } = await this.#nothing()
    await this.remove(outbox.filter(entry => !this.#isFailure(entry)).map(({ position }) => position))
  }

  /** The failures that only the rebuild has found, see `new-failures.ts`. */
  async newFailures(): Promise<readonly OutboxEntry[]> {
    const { outbox } = await this.#nothing()
    return outbox.filter(entry => this.#isFailure(entry))
  }

  async remove(positions: readonly string[]): Promise<void> {
    await this.store.trimOutbox(this.#partitionState, positions)
  }

  #isFailure({ event }: OutboxEntry): boolean {
    return event.type === this.#consumer.application.failureEvent.type
  }

  async #nothing(): Promise<Snapshot> {
    const snapshot = await this.store.load(this.#partitionState, NOTHING_WANTED)
    if (snapshot.version.epoch !== this.#epoch)
      throw new CopyStopped('overtaken', 'another command works on the same rebuilt state')
    return snapshot
  }
}

/** How long, on the log's clock, failures are remembered: as long as dead letters are kept. */
export function failureWindowMs(application: Application): number {
  return topicOf(application, application.deadLettersTopic).keptDays * DAY_MS
}

const NOTHING_WANTED: Wanted = {
  entities: [],
  ids: [],
  failures: [],
  idWindowMs: 0,
  span: { firstAppendMs: 0, advanceMs: 0 },
  timerLimit: 1,
  byteLimit: 1,
}
