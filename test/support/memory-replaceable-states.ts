import { buildReplacement, buildState, type MemoryState } from '#runtime/adapters/memory/memory-state.ts'
import type { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import type { RememberedFailure } from '#runtime/pipeline/model/failure-memory.ts'
import {
  type OutboxEntry,
  type RememberedId,
  type StateKey,
  type StoredContext,
  type StoredTimer,
  sameVersion,
} from '#runtime/pipeline/model/partition-state.ts'
import { type Fence, isOwnFence } from '#runtime/pipeline/replacing/fence.ts'
import { idsInBytes } from '#runtime/pipeline/replacing/id-bytes.ts'
import {
  type Fenced,
  notReplaced,
  type ReplaceableStates,
  type ReplacementConditions,
  type ReplacementOutcome,
  type Staged,
  type StateFacts,
} from '#runtime/pipeline/replacing/replaceable-states.ts'
import {
  EMPTY_META,
  type StateMeta,
  type StatePages,
  type StatePart,
} from '#runtime/pipeline/replacing/state-parts.ts'

/**
 * Replaceable partition states in memory, for tests. The conformance suite of the port checks that they behave like the states in
 * Redis.
 */
export class MemoryReplaceableStates implements ReplaceableStates {
  readonly #live: MemoryStateStore
  /** Staged contents by partition state; without contents while they are written. */
  readonly #staged = new Map<string, { readonly token: string; readonly contents?: MemoryState }>()
  #runs = 0

  constructor(live: MemoryStateStore) {
    this.#live = live
  }

  async facts(partitionState: StateKey): Promise<StateFacts> {
    return this.#held(partitionState) as StateFacts
  }

  async *states(partitionState: StateKey): AsyncGenerator<[string, string]> {
    for await (const part of this.#parts(partitionState))
      if (part.kind === 'state') yield [part.entity, part.state]
  }

  async *timers(partitionState: StateKey): AsyncGenerator<[string, readonly StoredTimer[]]> {
    for await (const part of this.#parts(partitionState))
      if (part.kind === 'timers') yield [part.entity, part.timers]
  }

  async meta(partitionState: StateKey): Promise<StateMeta> {
    for await (const part of this.#parts(partitionState)) if (part.kind === 'meta') return part.meta
    return EMPTY_META
  }

  async *outbox(partitionState: StateKey): AsyncGenerator<OutboxEntry> {
    for await (const part of this.#parts(partitionState)) if (part.kind === 'outbox') yield part.outbox
  }

  async *failures(partitionState: StateKey): AsyncGenerator<RememberedFailure> {
    for await (const part of this.#parts(partitionState)) if (part.kind === 'failure') yield part.failure
  }

  async *ids(partitionState: StateKey): AsyncGenerator<RememberedId> {
    for await (const part of this.#parts(partitionState))
      if (part.kind === 'ids') yield* idsInBytes(part.bytes)
  }

  async context(partitionState: StateKey): Promise<StoredContext | undefined> {
    for await (const part of this.#parts(partitionState)) if (part.kind === 'context') return part.context
    return undefined
  }

  async stage(partitionState: StateKey, pages: StatePages): Promise<Staged> {
    const name = JSON.stringify(partitionState)
    this.#runs += 1
    const token = `run ${this.#runs}`
    const isOwn = () => this.#staged.get(name)?.token === token
    this.#staged.set(name, { token })
    try {
      const contents = await buildState(pages)
      if (!isOwn()) throw notReplaced('overtaken')
      this.#staged.set(name, { token, contents })
      return { token, above: contents.version.epoch }
    } catch (error) {
      if (isOwn()) this.#staged.delete(name)
      throw error
    }
  }

  async unstage(partitionState: StateKey): Promise<void> {
    this.#staged.delete(JSON.stringify(partitionState))
  }

  async fence(partitionState: StateKey, fence: Fence): Promise<Fenced> {
    this.#live.fence(partitionState, fence)
    const { version, fence: stands = fence } = await this.facts(partitionState)
    return { version, fence: stands }
  }

  async unfence(partitionState: StateKey, fence: Fence): Promise<void> {
    this.#live.unfence(partitionState, fence)
  }

  async replace(
    partitionState: StateKey,
    { token, above }: Staged,
    { live, continues }: ReplacementConditions,
  ): Promise<ReplacementOutcome> {
    const name = JSON.stringify(partitionState)
    const staged = this.#staged.get(name)
    if (staged?.token !== token || !staged.contents) return { kind: 'overtaken' }
    this.#staged.delete(name)
    const [old, own] = [this.#held(partitionState), staged.contents]
    if (continues && !isOwnFence(old.fence, continues.fence)) return { kind: 'moved' }
    if (live && !sameVersion(old.version, live)) return { kind: 'moved' }
    if (continues && old.code !== continues.code) return { kind: 'other-code' }
    const { code, codeFrom } = continues ?? {}
    const tally = new Map([...ofHolds(own.tally, true), ...ofHolds(old.tally, false)])
    const outbox = new Map([...own.outbox, ...old.outbox])
    const contents = continues ? { ...own, tally, outbox, code, codeFrom } : own
    const replaced = buildReplacement(old, contents, above)
    this.#live.restore(partitionState, replaced)
    return { kind: 'replaced', epoch: replaced.version.epoch, replacedOffset: old.version.appliedOffset }
  }

  /** Returns a copy of the current state. */
  #held(partitionState: StateKey): MemoryState {
    return this.#live.copyState(partitionState) as MemoryState
  }

  async *#parts(partitionState: StateKey): AsyncGenerator<StatePart> {
    for await (const page of this.#live.pages(partitionState)) yield* page
  }
}

/** Returns either the counters of held entities and parked events, or all other counters. */
function ofHolds(tally: ReadonlyMap<string, number>, are: boolean): [string, number][] {
  return [...tally].filter(([name]) => /^(held|released|parked(-\w+)?)\//.test(name) === are)
}
