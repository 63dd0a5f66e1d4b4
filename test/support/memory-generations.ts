import { inPlaceOf, type MemoryState, stateOf } from '../../packages/runtime/adapters/memory/contents.ts'
import type { MemoryStateStore } from '../../packages/runtime/adapters/memory/state-store.ts'
import { type Fence, isOwnFence } from '../../packages/runtime/pipeline/generations/fence.ts'
import {
  type Builder,
  type Built,
  type CopyName,
  type Fenced,
  type Generations,
  notReplaced,
  type Purpose,
  type StateFacts,
  type SwitchExpectation,
  type SwitchOutcome,
} from '../../packages/runtime/pipeline/generations/generations.ts'
import type { FormerStates } from '../../packages/runtime/pipeline/loading/former-states.ts'
import type {
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
} from '../../packages/runtime/pipeline/model.ts'
import {
  type CheckpointMeta,
  type CheckpointPages,
  type CheckpointPart,
  EMPTY_META,
  isAbsent,
  sameVersion,
} from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { idsInBytes } from '../../packages/runtime/pipeline/recovery/id-bytes.ts'

/**
 * In-memory store for the next generations of partition states, for tests. The conformance suite of the port checks that it behaves
 * like the store in Redis.
 */
export class MemoryGenerations implements Generations, FormerStates {
  readonly #live: MemoryStateStore

  constructor(live: MemoryStateStore) {
    this.#live = live
  }

  async facts(partitionState: StateKey, copy?: CopyName): Promise<StateFacts> {
    const { builder: _, ...facts } = this.#held(partitionState, copy)
    return facts as StateFacts
  }

  async purpose(partitionState: StateKey): Promise<Purpose | undefined> {
    const { version, builder } = this.#held(partitionState, 'next')
    return version.epoch > 0 ? builder?.kind : undefined
  }

  async *states(partitionState: StateKey, copy?: CopyName): AsyncGenerator<[string, string]> {
    for await (const part of this.#parts(partitionState, copy))
      if (part.kind === 'state') yield [part.entity, part.state]
  }

  async *timers(partitionState: StateKey): AsyncGenerator<[string, readonly StoredTimer[]]> {
    for await (const part of this.#parts(partitionState, undefined))
      if (part.kind === 'timers') yield [part.entity, part.timers]
  }

  async meta(partitionState: StateKey): Promise<CheckpointMeta> {
    for await (const part of this.#parts(partitionState, undefined))
      if (part.kind === 'meta') return part.meta
    return EMPTY_META
  }

  async *outbox(partitionState: StateKey): AsyncGenerator<OutboxEntry> {
    for await (const part of this.#parts(partitionState, undefined))
      if (part.kind === 'outbox') yield part.outbox
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

  async build(partitionState: StateKey, builder: Builder, pages: CheckpointPages): Promise<Built> {
    const begun = this.#live.begin(partitionState, builder)
    const contents = await stateOf(pages)
    const { number } = begun
    if (this.#held(partitionState, 'next').builder?.number !== number) throw notReplaced('overtaken')
    const next = { ...contents.version, epoch: number }
    this.#live.next.restore(partitionState, { ...contents, version: next, builder: begun })
    return { next, above: contents.version.epoch }
  }

  async claim(partitionState: StateKey, kind: Purpose): Promise<number | undefined> {
    const held = this.#held(partitionState, 'next')
    if (held.version.epoch === 0 || held.builder?.kind !== kind) return undefined
    const builder = this.#live.begin(partitionState, held.builder)
    const version = { ...held.version, epoch: builder.number }
    this.#live.next.restore(partitionState, { ...held, version, builder })
    return version.epoch
  }

  store(): MemoryStateStore {
    return this.#live.next
  }

  async drop(partitionState: StateKey, { kind, attempt }: Builder): Promise<void> {
    const { builder } = this.#held(partitionState, 'next')
    if (!builder || (builder.kind === kind && builder.attempt <= attempt))
      this.#live.next.restore(partitionState, undefined)
  }

  async fence(partitionState: StateKey, fence: Fence): Promise<Fenced> {
    this.#live.fence(partitionState, fence)
    const { version, fence: stands = fence } = await this.facts(partitionState)
    return { version, fence: stands }
  }

  async unfence(partitionState: StateKey, fence: Fence): Promise<void> {
    this.#live.unfence(partitionState, fence)
  }

  async switchOver(
    partitionState: StateKey,
    { next, above, live, fence, code }: SwitchExpectation,
  ): Promise<SwitchOutcome> {
    const [old, own] = [this.#held(partitionState), this.#held(partitionState, 'next')]
    const isFenced = fence !== undefined && isOwnFence(old.fence, fence)
    if ((fence && !isFenced) || (live && !sameVersion(old.version, live))) {
      // Without a fence, the generation existed only for this switch.
      if (!fence && sameVersion(own.version, next)) this.#live.next.restore(partitionState, undefined)
      return { kind: 'moved' }
    }
    if (!sameVersion(own.version, next)) return { kind: 'overtaken' }
    if (code !== undefined && (old.code !== code || own.code !== code)) return { kind: 'other-code' }
    if (code !== undefined && old.partitioning?.generation !== own.partitioning?.generation)
      return { kind: 'other-partitioning' }
    const tally = new Map([...ofHolds(own.tally, true), ...ofHolds(old.tally, false)])
    const continued = { ...own, tally, outbox: new Map([...own.outbox, ...old.outbox]) }
    const switched = inPlaceOf(old, fence ? continued : own, above)
    this.#live.restore(partitionState, switched)
    this.#live.next.restore(partitionState, undefined)
    return { kind: 'switched', epoch: switched.version.epoch, replacedOffset: old.version.appliedOffset }
  }

  /** Returns a copy of the current state. */
  #held(partitionState: StateKey, copy?: CopyName): MemoryState {
    return this.#of(copy).copyOf(partitionState) as MemoryState
  }

  #of(copy: CopyName | undefined): MemoryStateStore {
    return copy ? this.#live.next : this.#live
  }

  async *#parts(partitionState: StateKey, copy: CopyName | undefined): AsyncGenerator<CheckpointPart> {
    const taken = await this.#of(copy).take(partitionState)
    const version = taken?.version ?? EMPTY_META.version
    if (taken && !isAbsent(version)) for await (const page of taken.pages) yield* page
  }
}

/** Returns either the counters of held entities and parked events, or all other counters. */
function ofHolds(tally: ReadonlyMap<string, number>, are: boolean): [string, number][] {
  return [...tally].filter(([name]) => /^(held|released|parked(-\w+)?)\//.test(name) === are)
}
