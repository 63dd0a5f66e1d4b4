import { emptyState, type MemoryState } from '../../adapters/memory/memory-state.ts'
import { MemoryRebuilds } from '../../adapters/memory/rebuilds.ts'
import type { MemoryStateStore } from '../../adapters/memory/state-store.ts'
import { type StateKey, sameVersion, type Version } from '../../pipeline/model/partition-state.ts'
import { type Fence, isOwnFence } from '../../pipeline/replacing/fence.ts'
import type {
  Fenced,
  ReplaceableStates,
  ReplacementConditions,
  ReplacementOutcome,
  StateContents,
} from '../../pipeline/replacing/replaceable-states.ts'

/**
 * Replaceable partition states in memory, for tests. The conformance suite of the port checks that they behave like the states in
 * Redis.
 */
export class MemoryReplaceableStates implements ReplaceableStates {
  readonly rebuilds: MemoryRebuilds
  readonly #live: MemoryStateStore

  constructor(live: MemoryStateStore) {
    this.#live = live
    this.rebuilds = new MemoryRebuilds(live)
  }

  facts: StateContents['facts'] = stateKey => this.#live.facts(stateKey)
  states: StateContents['states'] = stateKey => this.#live.states(stateKey)
  timers: StateContents['timers'] = stateKey => this.#live.timers(stateKey)
  failures: StateContents['failures'] = stateKey => this.#live.failures(stateKey)
  ids: StateContents['ids'] = stateKey => this.#live.ids(stateKey)
  context: StateContents['context'] = stateKey => this.#live.context(stateKey)

  async fence(stateKey: StateKey, fence: Fence): Promise<Fenced> {
    this.#live.fence(stateKey, fence)
    const { version, fence: stands = fence } = await this.facts(stateKey)
    return { version, fence: stands }
  }

  async unfence(stateKey: StateKey, fence: Fence): Promise<void> {
    this.#live.unfence(stateKey, fence)
  }

  async replace(
    stateKey: StateKey,
    { live, run, rebuild }: ReplacementConditions,
  ): Promise<ReplacementOutcome> {
    const { states } = this.rebuilds
    const [old, own] = [this.#live, states].map(store => store.copyState(stateKey) as MemoryState) as [
      MemoryState,
      MemoryState,
    ]
    if (own.version.epoch !== run) return { kind: 'overtaken' }
    await this.rebuilds.abandon(stateKey)
    if (!isOwnFence(old.fence, { why: 'reprocessing', attempt: run })) return { kind: 'moved' }
    if (!sameVersion(old.version, live)) return { kind: 'moved' }
    if (old.code !== rebuild.code) return { kind: 'other-code' }
    // A commit expects the oldest ids first.
    const ids = new Map([...own.ids].sort(([, a], [, b]) => a.appliedAtMs - b.appliedAtMs))
    const tally = new Map([...ofHolds(own.tally, true), ...ofHolds(old.tally, false)])
    const outbox = new Map([...own.outbox, ...old.outbox])
    const { sequences } = old
    const { code, startOffset: codeFrom } = rebuild
    return {
      kind: 'replaced',
      epoch: await this.#put(stateKey, { ...own, ids, tally, outbox, sequences, code, codeFrom, rebuild }),
    }
  }

  async empty(stateKey: StateKey, base?: Version): Promise<boolean> {
    if (base && !sameVersion((await this.facts(stateKey)).version, base)) return false
    await this.rebuilds.abandon(stateKey)
    await this.#put(stateKey, emptyState())
    return true
  }

  /** Replaces the contents of a state. Returns its new epoch. */
  async #put(stateKey: StateKey, contents: MemoryState): Promise<number> {
    const epoch = (await this.facts(stateKey)).version.epoch + 1
    this.#live.restore(stateKey, { ...contents, version: { ...contents.version, epoch } })
    return epoch
  }
}

/** Returns either the counters of held entities and parked events, or all other counters. */
function ofHolds(tally: ReadonlyMap<string, number>, are: boolean): [string, number][] {
  return [...tally].filter(([name]) => /^(held|released|parked(-\w+)?)\//.test(name) === are)
}
