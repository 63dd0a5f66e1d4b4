import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { within } from '../../../waiting/index.ts'

const never = Promise.withResolvers<string>().promise
const createError = () => new Error('late')

describe('work with a deadline', () => {
  it('given work that ends in time, then its result or its error is passed on', async () => {
    assert.equal(await within(1_000, Promise.resolve('done'), createError), 'done')
    await assert.rejects(within(1_000, Promise.reject(new Error('own')), createError), /own/)
  })

  it('given work that takes longer, then the error is thrown, no earlier than the deadline', async () => {
    for (const intervals of [1, 4]) {
      const beganMs = performance.now()
      await assert.rejects(within(20, never, createError, intervals), /late/)
      assert.ok(performance.now() - beganMs >= 18)
    }
  })

  it('given no deadline, then the work itself is returned', () => {
    assert.equal(within(Number.POSITIVE_INFINITY, never, createError), never)
  })
})
