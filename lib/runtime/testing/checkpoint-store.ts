import type { StateKey } from '../pipeline/model.ts'
import {
  type CheckpointPages,
  type CheckpointPart,
  type CheckpointStore,
  DamagedCheckpoint,
  type KeptCheckpoint,
} from '../pipeline/recovery/checkpoints.ts'

interface Stored {
  readonly kept: KeptCheckpoint
  readonly pages: readonly (readonly CheckpointPart[])[]
  isDamaged: boolean
}

/** Keeps checkpoints in memory, for tests. The port's suite checks that it behaves like the S3 store. */
export class MemoryCheckpointStore implements CheckpointStore {
  readonly #stored = new Map<string, Map<number, Stored>>()

  async list(partitionState: StateKey): Promise<readonly KeptCheckpoint[]> {
    const all = [...this.#of(partitionState).values()].map(({ kept }) => kept)
    return all.sort((a, b) => b.takenAtMs - a.takenAtMs)
  }

  async *read(
    partitionState: StateKey,
    { takenAtMs }: KeptCheckpoint,
  ): AsyncGenerator<readonly CheckpointPart[]> {
    const stored = this.#of(partitionState).get(takenAtMs)
    for (const page of stored?.pages ?? []) yield structuredClone(page)
    if (!stored || stored.isDamaged) throw new DamagedCheckpoint('it was changed')
  }

  async write(partitionState: StateKey, kept: KeptCheckpoint, pages: CheckpointPages): Promise<number> {
    const all: (readonly CheckpointPart[])[] = []
    for await (const page of pages) all.push(structuredClone(page))
    this.#of(partitionState).set(kept.takenAtMs, { kept, pages: all, isDamaged: false })
    return JSON.stringify(all).length
  }

  async remove(partitionState: StateKey, { takenAtMs }: KeptCheckpoint): Promise<void> {
    this.#of(partitionState).delete(takenAtMs)
  }

  /** Simulates that a stored checkpoint was changed. */
  damage(partitionState: StateKey, { takenAtMs }: KeptCheckpoint): void {
    const stored = this.#of(partitionState).get(takenAtMs)
    if (stored) stored.isDamaged = true
  }

  #of({ consumer, topic, partition }: StateKey): Map<number, Stored> {
    const name = JSON.stringify([consumer, topic, partition])
    const stored = this.#stored.get(name) ?? new Map<number, Stored>()
    this.#stored.set(name, stored)
    return stored
  }
}
