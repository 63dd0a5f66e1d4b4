/** The behaviour that every `CheckpointStore` must have. The test of each implementation runs this suite. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import {
  type CheckpointPart,
  type CheckpointStore,
  DamagedCheckpoint,
  type KeptCheckpoint,
} from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { inPages, metaAt, partsAt, partsIn, sorted } from '../support/parts.ts'

const NOON = Date.parse('2026-03-01T12:00:00.005Z')

/** @param damage corrupts a stored checkpoint */
export function conformsAsCheckpointStore(
  name: string,
  store: () => CheckpointStore,
  damage: (partitionState: StateKey, kept: KeptCheckpoint) => void | Promise<void>,
): void {
  /** Writes a checkpoint of the version in it. */
  const write = (state: StateKey, { version, ...taken }: KeptCheckpoint) =>
    store().write(state, taken, inPages(partsAt(version.appliedOffset, version.epoch)))

  describe(`${name} as a checkpoint store`, () => {
    it('given an empty store, then it lists nothing', async () => {
      assert.deepEqual(await store().list(newState()), [])
    })

    it('given a checkpoint, then it is read back exactly as it was written', async () => {
      const [state, kept] = [newState(), keptAt(NOON, 7)]
      const written = await store().write(state, kept, inPages(partsAt(7)))
      assert.ok(written.bytes > 0)
      assert.deepEqual(written.kept, kept)
      assert.deepEqual(await store().list(state), [kept])
      assert.deepEqual(await partsIn(store().read(state, kept)), sorted(partsAt(7)))
    })

    it('given several checkpoints, then they are listed by the time when they were taken', async () => {
      const state = newState()
      const [first, second, third] = [
        keptAt(NOON, 900, 4),
        keptAt(NOON + 1, -1, 5),
        keptAt(NOON + 90_000, 12),
      ]
      for (const kept of [second, third, first]) await write(state, kept)
      assert.deepEqual(await store().list(state), [third, second, first])
    })

    it('given partitions whose names have a common prefix, then each has its own checkpoints', async () => {
      const one = newState()
      const others = [
        { ...one, partition: 11 },
        { ...one, consumer: `${one.consumer}-2` },
        { ...one, topic: `${one.topic}.2` },
      ]
      for (const other of others) await write(other, keptAt(NOON, 1))
      assert.deepEqual(await store().list(one), [])
    })

    it('given pages that fail at their end, then no checkpoint is kept', async () => {
      const [state, failure] = [newState(), new Error('the state moved')]
      await assert.rejects(store().write(state, keptAt(NOON, 1), inPages(partsAt(1), failure)), failure)
      assert.deepEqual(await store().list(state), [])
    })

    it('given a damaged checkpoint, then reading it fails, and the one before is still readable', async () => {
      const [state, older, newer] = [newState(), keptAt(NOON, 1), keptAt(NOON + 1, 2)]
      for (const kept of [older, newer]) await write(state, kept)
      await damage(state, newer)
      await assert.rejects(partsIn(store().read(state, newer)), DamagedCheckpoint)
      assert.deepEqual(await partsIn(store().read(state, older)), sorted(partsAt(1)))
    })

    it('given a checkpoint that is removed, even twice, then the others stay', async () => {
      const [state, older, newer] = [newState(), keptAt(NOON, 1), keptAt(NOON + 1, 2)]
      for (const kept of [older, newer]) await write(state, kept)
      for (const _ of ['once', 'twice']) await store().remove(state, older)
      assert.deepEqual(await store().list(state), [newer])
    })

    it('given changes, then they are listed with what they follow, and read behind it, the oldest first', async () => {
      const state = newState()
      const whole = keptAt(NOON, 1)
      const first = { ...keptAt(NOON + 1, 2), after: NOON }
      const second = { ...keptAt(NOON + 2, 3), after: NOON + 1 }
      for (const kept of [whole, first, second]) await write(state, kept)
      assert.deepEqual(await store().list(state), [second, first, whole])
      const offsets = async (kept: KeptCheckpoint) => {
        const found: number[] = []
        for await (const page of store().read(state, kept))
          for (const part of page) if (part.kind === 'meta') found.push(part.meta.version.appliedOffset)
        return found
      }
      assert.deepEqual(await offsets(second), [1, 2, 3])
      assert.deepEqual(await offsets(first), [1, 2])
    })

    it('given changes whose whole state is missing or damaged, then they are damaged', async () => {
      for (const lose of ['remove', 'damage'] as const) {
        const state = newState()
        const [whole, changes] = [keptAt(NOON, 1), { ...keptAt(NOON + 1, 2), after: NOON }]
        for (const kept of [whole, changes]) await write(state, kept)
        await (lose === 'remove' ? store().remove(state, whole) : damage(state, whole))
        await assert.rejects(partsIn(store().read(state, changes)), DamagedCheckpoint)
      }
    })

    it('given what no longer holds in a page, and bytes of ids, then they are read back as they were', async () => {
      const [state, kept] = [newState(), keptAt(NOON, 1)]
      const gone: CheckpointPart = {
        kind: 'gone',
        gone: { states: ['/a grün'], timers: [], idsBeforeMs: 7, whole: ['outbox'] },
      }
      const ids: CheckpointPart = {
        kind: 'ids',
        bytes: Buffer.from(Array.from({ length: 52 }, (_, at) => 5 * at)),
      }
      await store().write(state, kept, inPages([gone, ids, { kind: 'meta', meta: metaAt(1) }]))
      const parts: CheckpointPart[] = []
      for await (const page of store().read(state, kept)) parts.push(...page)
      assert.deepEqual(parts.slice(0, 2), [gone, ids])
    })
  })
}

/** A partition state that no other test uses. */
function newState(): StateKey {
  return { consumer: 'conformance', topic: `topic-${randomUUID()}`, partition: 1 }
}

function keptAt(takenAtMs: number, appliedOffset: number, epoch = 0): KeptCheckpoint {
  return { takenAtMs, version: { epoch, appliedOffset, fired: 1 } }
}
