import type { StateKey } from '../pipeline/model.ts'
import { chainPages } from '../pipeline/recovery/chain.ts'
import {
  type CheckpointInfo,
  type CheckpointPages,
  type CheckpointPart,
  type CheckpointStore,
  DamagedCheckpoint,
  type KeptCheckpoint,
  type WrittenCheckpoint,
} from '../pipeline/recovery/checkpoints.ts'

interface Stored {
  readonly kept: KeptCheckpoint
  readonly pages: readonly (readonly CheckpointPart[])[]
  isDamaged: boolean
}

/** In-memory checkpoint store for tests. The port's conformance suite checks that it behaves like the S3 store. */
export class MemoryCheckpointStore implements CheckpointStore {
  readonly #stored = new Map<string, Map<number, Stored>>()

  async list(partitionState: StateKey): Promise<readonly KeptCheckpoint[]> {
    const all = [...this.#of(partitionState).values()].map(({ kept }) => kept)
    return all.sort((a, b) => b.takenAtMs - a.takenAtMs)
  }

  async *read(partitionState: StateKey, kept: KeptCheckpoint): CheckpointPages {
    yield* chainPages(kept, await this.list(partitionState), one => this.#read(partitionState, one))
  }

  async *#read(partitionState: StateKey, { takenAtMs }: KeptCheckpoint): CheckpointPages {
    const stored = this.#of(partitionState).get(takenAtMs)
    for (const page of stored?.pages ?? []) yield page.map(copied)
    if (!stored || stored.isDamaged) throw new DamagedCheckpoint('it was changed')
  }

  async write(
    partitionState: StateKey,
    taken: CheckpointInfo,
    pages: CheckpointPages,
  ): Promise<WrittenCheckpoint> {
    const all: (readonly CheckpointPart[])[] = []
    for await (const page of pages) all.push(page.map(copied))
    const meta = all.flat().findLast(part => part.kind === 'meta')
    if (!meta) throw new TypeError('a checkpoint must contain its version')
    const kept = { ...taken, version: meta.meta.version }
    this.#of(partitionState).set(taken.takenAtMs, { kept, pages: all, isDamaged: false })
    return { kept, bytes: JSON.stringify(all).length }
  }

  async remove(partitionState: StateKey, { takenAtMs }: KeptCheckpoint): Promise<void> {
    this.#of(partitionState).delete(takenAtMs)
  }

  /** Simulates damage to a stored checkpoint. */
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

/** Copies a part. `structuredClone` does not preserve the class of a Buffer. */
function copied(part: CheckpointPart): CheckpointPart {
  return part.kind === 'ids' ? { kind: 'ids', bytes: Buffer.from(part.bytes) } : structuredClone(part)
}
