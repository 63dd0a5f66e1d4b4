/** The behaviour that every `CircuitBreaker` must have. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { CircuitBreaker } from '../../pipeline/ports.ts'

export function conformsAsCircuitBreaker(name: string, breaker: () => CircuitBreaker): void {
  describe(`${name} as a circuit breaker`, () => {
    it('given a version of the code, then the breaker is open since its first failure surge', async () => {
      const consumer = randomUUID()
      assert.equal(await breaker().open(consumer, 'v1', 1_000), 1_000)
      assert.equal(await breaker().open(consumer, 'v1', 2_000), 1_000)
    })

    it('given another version, then it has its own time', async () => {
      const consumer = randomUUID()
      await breaker().open(consumer, 'v1', 1_000)
      assert.equal(await breaker().open(consumer, 'v2', 2_000), 2_000)
    })

    it('given another consumer, then nothing is shared', async () => {
      await breaker().open(randomUUID(), 'v1', 1_000)
      assert.equal(await breaker().open(randomUUID(), 'v1', 2_000), 2_000)
    })
  })
}
