/**
 * A store around the store, which keeps the states of its commits. If the next chunk of a partition begins right behind the last
 * commit and needs only what is kept, a load returns that without asking the store, and the commit proves that the store would have
 * returned the same. A kept state can therefore only cost a refused commit, never a wrong result.
 */
import { type StateKey, sameVersion, type Version } from '../../pipeline/model/partition-state.ts'
import type { Change, LoadSelection, Snapshot } from '../../pipeline/model/snapshot.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import { type KeptStates, type LoadedFrom, selectKept, toKept } from './kept-states.ts'

export class KeptStore implements StateStore {
  readonly #store: StateStore
  readonly #states: KeptStates
  /** Loads by the version that they have returned. A change names it as its base, so invocations that overlap stay apart. */
  readonly #loads = new WeakMap<Version, LoadedFrom>()

  constructor(store: StateStore, states: KeptStates) {
    this.#store = store
    this.#states = states
  }

  async load(stateKey: StateKey, selection: LoadSelection): Promise<Snapshot> {
    const { keptFor } = selection
    if (!keptFor) return this.#store.load(stateKey, selection)
    const { process, isNext } = keptFor
    const taken = this.#states.take(stateKey, process)
    const guess = taken && isNext(taken.bare.version.appliedOffset) ? selectKept(taken, selection) : undefined
    const isGuess = guess !== undefined && this.#states.beginGuess(stateKey)
    const found = isGuess ? guess : await this.#store.load(stateKey, selection)
    // Code that knows no marks leaves the mark of the commit before its own, so the version is compared, too.
    const { mark, version: before } = taken?.bare ?? {}
    const kept = before && mark === found.mark && sameVersion(before, found.version) ? taken : undefined
    const snapshot = { ...found, version: { ...found.version } }
    this.#loads.set(snapshot.version, { process, selection, snapshot, kept })
    return snapshot
  }

  async commit(stateKey: StateKey, change: Change) {
    const from = this.#loads.get(change.base)
    if (!from) return this.#store.commit(stateKey, change)
    const { snapshot, selection } = from
    const isGuess = snapshot.provenBy === 'commit' && snapshot.mark !== undefined
    const mark = this.#states.createMark()
    const guess = isGuess ? { guess: { mark: snapshot.mark, ids: selection.ids } } : {}
    const answer = await this.#store.commit(stateKey, { ...change, mark, ...guess })
    if (isGuess && answer !== 'refused') this.#states.proveGuess(stateKey)
    if (typeof answer === 'object') this.#states.keep(stateKey, toKept(from, change, mark, answer))
    return answer
  }

  async trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void> {
    await this.#store.trimOutbox(stateKey, positions)
    this.#states.trim(stateKey, positions)
  }
}
