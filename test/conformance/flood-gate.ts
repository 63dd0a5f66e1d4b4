/** The behaviour that every implementation of `FloodGate` has. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { FloodGate } from '../../lib/pipeline/ports.ts'

/** A gate that an operator can open. */
interface Releasable extends FloodGate {
  release(consumer: string): Promise<boolean>
}

export function conformsAsFloodGate(name: string, gate: () => Releasable): void {
  describe(`${name} as a flood gate`, () => {
    it('given a version of the code, then the gate stays closed since its first flood', async () => {
      const consumer = randomUUID()
      assert.equal(await gate().hold(consumer, 'v1', 1_000), 1_000)
      assert.equal(await gate().hold(consumer, 'v1', 2_000), 1_000)
    })

    it('given another version, then it has its own time', async () => {
      const consumer = randomUUID()
      await gate().hold(consumer, 'v1', 1_000)
      assert.equal(await gate().hold(consumer, 'v2', 2_000), 2_000)
    })

    it('given an operator who releases it, then it stays open for that version', async () => {
      const consumer = randomUUID()
      assert.equal(await gate().release(consumer), false)
      await gate().hold(consumer, 'v1', 1_000)
      assert.equal(await gate().release(consumer), true)
      assert.equal(await gate().release(consumer), false)
      assert.equal(await gate().hold(consumer, 'v1', 3_000), 'released')
      assert.equal(await gate().hold(consumer, 'v2', 4_000), 4_000)
    })

    it('given another consumer, then nothing is shared', async () => {
      await gate().hold(randomUUID(), 'v1', 1_000)
      assert.equal(await gate().hold(randomUUID(), 'v1', 2_000), 2_000)
    })
  })
}
