/**
 * A store around the store, which keeps the states of its commits. If the next chunk of a partition begins right behind the last
 * commit and needs only what is kept, a load returns that without asking the store, and the commit proves that the store would have
 * returned the same. A kept state can therefore only cost a refused commit, never a wrong result.
 */
import { type StateKey, sameVersion, type Version } from '../../pipeline/model/partition-state.ts'
import type { Change, LoadSelection, Snapshot } from '../../pipeline/model/snapshot.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import { type KeptStates, type LoadedFrom, selectKept, toKept } from './kept-states.ts'

/** Epoch of a guess, which no stored state has. Without the mark that proves the guess, each store thus refuses a commit of it. */
const GUESSED_EPOCH = -1

/** Marks a version with its load. A spread copies the mark, and requests to the store leave it out, since its key is a symbol. */
const LOADED_FROM = Symbol('the load of a version')

/** Version that a load has returned. A change names it as its base, so invocations that overlap stay apart. */
interface LoadedVersion extends Version {
  readonly [LOADED_FROM]?: LoadedFrom
}

export class KeptStore implements StateStore {
  readonly #store: StateStore
  readonly #states: KeptStates

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
    const guessed = guess && this.#states.beginGuess(stateKey) ? taken?.bare : undefined
    const found = guess && guessed ? guess : await this.#store.load(stateKey, selection)
    // Code that knows no marks leaves the mark of the commit before its own, so the version is compared, too.
    const { mark, version: before } = taken?.bare ?? {}
    const kept = before && mark === found.mark && sameVersion(before, found.version) ? taken : undefined
    const from: LoadedFrom = { process, selection, snapshot: found, guessed, kept }
    const version = { ...found.version, ...(guessed && { epoch: GUESSED_EPOCH }), [LOADED_FROM]: from }
    return { ...found, version }
  }

  async commit(stateKey: StateKey, change: Change) {
    const { [LOADED_FROM]: from }: LoadedVersion = change.base
    if (!from) return this.#store.commit(stateKey, change)
    const { guessed, selection } = from
    const mark = this.#states.createMark()
    const proof = guessed && { base: guessed.version, guess: { mark: guessed.mark, ids: selection.ids } }
    const marked = { ...change, mark, ...proof }
    const answer = await this.#store.commit(stateKey, marked)
    if (guessed && answer !== 'refused') this.#states.proveGuess(stateKey)
    if (typeof answer === 'object') this.#states.keep(stateKey, toKept(from, marked, mark, answer))
    return answer
  }

  async trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void> {
    await this.#store.trimOutbox(stateKey, positions)
    this.#states.trim(stateKey, positions)
  }
}
