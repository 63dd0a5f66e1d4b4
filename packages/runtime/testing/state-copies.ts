import { MemoryStateStore } from '../adapters/memory/state-store.ts'
import type { RememberedFailure, RememberedId, StateKey, StoredContext, Version } from '../pipeline/model.ts'
import type { CheckpointPages, CheckpointPart } from '../pipeline/recovery/checkpoints.ts'
import { EMPTY_META, isAbsent, sameVersion } from '../pipeline/recovery/checkpoints.ts'
import { idsInBytes } from '../pipeline/recovery/id-bytes.ts'
import type {
  CopyName,
  StateCopies,
  StateFacts,
  SwitchExpectation,
  SwitchOutcome,
} from '../pipeline/reprocessing/copies.ts'
import { NOTHING_WANTED } from './wanted.ts'

/** Copies of partition states in memory, for tests. The port's suite checks that it behaves like the Redis one. */
export class MemoryStateCopies implements StateCopies {
  readonly #live: MemoryStateStore
  readonly #rebuilt: MemoryStateStore

  constructor(live: MemoryStateStore) {
    this.#live = live
    this.#rebuilt = new MemoryStateStore(live)
  }

  async facts(partitionState: StateKey, copy?: CopyName): Promise<StateFacts> {
    return this.#of(copy).copyOf(partitionState) as StateFacts
  }

  store(): MemoryStateStore {
    return this.#rebuilt
  }

  async seed(partitionState: StateKey, pages: CheckpointPages): Promise<void> {
    const rebuilt = this.#rebuilt
    const { version } = await rebuilt.load(partitionState, NOTHING_WANTED)
    await rebuilt.replace(partitionState, version, pages)
  }

  async claim(partitionState: StateKey): Promise<number | undefined> {
    const rebuilt = this.#rebuilt
    const { version } = await rebuilt.load(partitionState, NOTHING_WANTED)
    if (isAbsent(version)) return undefined
    const epoch = version.epoch + 1
    const state = rebuilt.copyOf(partitionState) as object
    rebuilt.restore(partitionState, { ...state, version: { ...version, epoch } })
    return epoch
  }

  async fence(partitionState: StateKey, by: string): Promise<Version | undefined> {
    this.#live.fence(partitionState, { why: 'reprocessing', by })
    const { fence, version } = await this.facts(partitionState)
    return fence?.by === by ? version : undefined
  }

  async unfence(partitionState: StateKey, by: string): Promise<void> {
    this.#live.unfence(partitionState, by)
  }

  async *states(partitionState: StateKey, copy?: CopyName): AsyncGenerator<[string, string]> {
    for await (const part of this.#parts(partitionState, copy))
      if (part.kind === 'state') yield [part.entity, part.state]
  }

  async *failures(partitionState: StateKey, copy?: CopyName): AsyncGenerator<RememberedFailure> {
    for await (const part of this.#parts(partitionState, copy))
      if (part.kind === 'failure') yield part.failure
  }

  async *ids(partitionState: StateKey, copy?: CopyName): AsyncGenerator<RememberedId> {
    for await (const part of this.#parts(partitionState, copy))
      if (part.kind === 'ids') yield* idsInBytes(part.bytes)
  }

  async context(partitionState: StateKey): Promise<StoredContext | undefined> {
    for await (const part of this.#parts(partitionState, undefined))
      if (part.kind === 'context') return part.context
    return undefined
  }

  async switchOver(
    partitionState: StateKey,
    { live, rebuilt, code, by }: SwitchExpectation,
  ): Promise<SwitchOutcome> {
    const [old, own] = [await this.facts(partitionState), await this.facts(partitionState, 'next')]
    if (old.fence?.why === 'topic-growing') return { kind: 'growing' }
    if (old.fence?.by !== by || !sameVersion(old.version, live)) return { kind: 'moved' }
    if (!sameVersion(own.version, rebuilt)) return { kind: 'overtaken' }
    if (old.code !== code || own.code !== code) return { kind: 'other-code' }
    if (old.partitioning?.generation !== own.partitioning?.generation) return { kind: 'other-partitioning' }
    const tally = new Map([
      ...ofHolds(this.#rebuilt.tally(partitionState), true),
      ...ofHolds(this.#live.tally(partitionState), false),
    ])
    const { outbox } = this.#live.copyOf(partitionState) as { outbox: Map<string, unknown> }
    const epoch = old.version.epoch + 1
    const state = this.#rebuilt.copyOf(partitionState) as {
      version: Version
      tally: unknown
      outbox: Map<string, unknown>
    }
    for (const [position, entry] of outbox) state.outbox.set(position, entry)
    this.#live.restore(partitionState, { ...state, version: { ...own.version, epoch }, tally })
    await this.drop(partitionState)
    return { kind: 'switched', epoch }
  }

  async drop(partitionState: StateKey): Promise<void> {
    this.#rebuilt.restore(partitionState, undefined)
  }

  #of(copy: CopyName | undefined): MemoryStateStore {
    return copy ? this.#rebuilt : this.#live
  }

  async *#parts(partitionState: StateKey, copy: CopyName | undefined): AsyncGenerator<CheckpointPart> {
    const taken = await this.#of(copy).take(partitionState)
    const version = taken?.version ?? EMPTY_META.version
    if (taken && !isAbsent(version)) for await (const page of taken.pages) yield* page
  }
}

/** The counters by which the held entities and parked events are known; or the others. */
function ofHolds(tally: ReadonlyMap<string, number>, are: boolean): [string, number][] {
  return [...tally].filter(([name]) => /^(held|released|parked(-\w+)?)\//.test(name) === are)
}
