/** The states of entities while a chunk is applied. The state of a held entity includes its hold. */
import { formatHolderName, type Hold } from '../model/hold.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { type EntityState, splitHold, toText, withHold } from '../model/stored-state.ts'
import { NewEntities } from './new-entities.ts'

export class EntityStates {
  readonly newEntities: NewEntities
  /** Approximate size of all parked records of the partition state, in bytes. */
  parkedBytes: number
  readonly #loaded: Snapshot['states']
  /** States that the chunk has changed, without their holds; null for a forgotten entity. */
  readonly #changed = new Map<string, EntityState | null>()
  /** Holds that the chunk has read or changed; undefined after a release. */
  readonly #holds = new Map<string, Hold | undefined>()
  readonly #changedHolds = new Set<string>()

  /** @param newEntitiesPerDay see `NewEntities` */
  constructor({ states, newEntities, parkedBytes }: Snapshot, newEntitiesPerDay: number | undefined) {
    this.#loaded = states
    this.newEntities = new NewEntities(newEntities, newEntitiesPerDay)
    this.parkedBytes = parkedBytes
  }

  /**
   * Returns the state. Each step parses a text anew, so that the result depends neither on chunk boundaries nor on a process that
   * modifies its state object. A value is passed on only for a process that declares that it does not, and if JSON loses nothing of it.
   */
  get(entity: string): EntityState | undefined {
    if (this.#changed.has(entity)) return this.#changed.get(entity) ?? undefined
    const loaded = this.#loaded.get(entity)
    return loaded === undefined ? undefined : splitHold(loaded).state
  }

  /** Returns the state after the records applied so far; undefined if unchanged. */
  getChange(entity: string): EntityState | null | undefined {
    return this.#changed.get(entity)
  }

  set(entity: string, state: EntityState | null): void {
    this.#changed.set(entity, state)
  }

  getHold(entity: string): Hold | undefined {
    if (this.#holds.has(entity)) return this.#holds.get(entity)
    const loaded = this.#loaded.get(entity)
    const json = loaded === undefined ? undefined : splitHold(loaded).hold
    if (json === undefined) return undefined
    const hold: Hold = JSON.parse(json)
    this.#holds.set(entity, hold)
    return hold
  }

  setHold(entity: string, hold: Hold | undefined): void {
    const before = this.getHold(entity)?.waitsFor?.failure
    const failure = hold?.waitsFor?.failure
    if (before !== undefined && before !== failure) this.#changed.set(formatHolderName(before), null)
    if (failure !== undefined && before !== failure)
      this.#changed.set(formatHolderName(failure), JSON.stringify(entity))
    this.#holds.set(entity, hold)
    this.#changedHolds.add(entity)
  }

  /** Adds the bytes of parked records, or removes them if negative. */
  addParkedBytes(bytes: number): void {
    // A negative size would raise the limit. It could occur because an earlier version parked events without counting their bytes.
    this.parkedBytes = Math.max(0, this.parkedBytes + bytes)
  }

  /** Returns the entity that waits for a failure, with its hold; undefined if no entity does. */
  findHeld(failure: string): { readonly entity: string; readonly hold: Hold } | undefined {
    const json = this.get(formatHolderName(failure))
    const entity: string | undefined = json && JSON.parse(toText(json))
    const hold = entity && this.getHold(entity)
    return entity && hold ? { entity, hold } : undefined
  }

  /** Changed states, serialized for the store; null for a forgotten entity. */
  get changes(): ReadonlyMap<string, string | null> {
    const changes = new Map<string, string | null>()
    for (const entity of [...this.#changed.keys(), ...this.#changedHolds]) {
      const state = this.get(entity)
      const hold = this.getHold(entity)
      changes.set(entity, withHold(state === undefined ? null : toText(state), hold && JSON.stringify(hold)))
    }
    return changes
  }
}
