import { formatStateKey, type StateKey } from '../../pipeline/model/partition-state.ts'
import type { SkippedRecords } from '../../pipeline/ports.ts'
import type { BegunRebuild, Rebuild, Rebuilds } from '../../pipeline/replacing/replaceable-states.ts'
import { emptyState, type MemoryState } from './memory-state.ts'
import { MemoryStateStore } from './state-store.ts'

/** Rebuilds in memory, which replace no live state: those of a dry run. */
export class MemoryRebuilds implements Rebuilds {
  readonly states: MemoryStateStore
  readonly #unfinished = new Map<string, Rebuild>()

  /** @param skipped records that the live states skip */
  constructor(skipped: SkippedRecords) {
    this.states = new MemoryStateStore(skipped)
  }

  async find(stateKey: StateKey): Promise<Rebuild | undefined> {
    return this.#unfinished.get(formatStateKey(stateKey))
  }

  async begin(stateKey: StateKey, rebuild: Rebuild, nowMs: number): Promise<BegunRebuild> {
    const state = this.states.copyState(stateKey) as MemoryState
    const continues = JSON.stringify(await this.find(stateKey)) === JSON.stringify(rebuild)
    const { version, ...others } = continues ? state : emptyState()
    const run = Math.max(nowMs, state.version.epoch + 1)
    if (!continues) this.#unfinished.delete(formatStateKey(stateKey))
    this.states.restore(stateKey, { ...others, version: { ...version, epoch: run } })
    return { run, continues }
  }

  async describe(stateKey: StateKey, rebuild: Rebuild, run: number): Promise<void> {
    const { version } = await this.states.facts(stateKey)
    if (version.epoch === run) this.#unfinished.set(formatStateKey(stateKey), rebuild)
  }

  async abandon(stateKey: StateKey): Promise<boolean> {
    const { version } = await this.states.facts(stateKey)
    this.#unfinished.delete(formatStateKey(stateKey))
    this.states.restore(stateKey, undefined)
    return version.epoch > 0
  }
}
