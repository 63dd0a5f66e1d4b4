import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CachedValue } from '../../access/kafka-access.ts'

describe('a secret that is kept', () => {
  it('given that it cannot be read, then the next call reads again', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve('pw')]
    const kept = new CachedValue(() => answers.shift() as Promise<string>, 100)
    await assert.rejects(kept.ready(), /away/)
    await kept.ready()
    assert.equal(kept.value, 'pw')
  })

  it('given several that wait for it, then it is read once', async () => {
    let reads = 0
    const kept = new CachedValue(async () => ++reads, 100)
    await Promise.all([kept.ready(), kept.ready()])
    await kept.ready()
    assert.equal(reads, 1)
  })

  it('given that it is old, then the old one is used while it is read again', async () => {
    let nowMs = 0
    let reads = 0
    const kept = new CachedValue(
      async () => `pw-${++reads}`,
      100,
      () => nowMs,
    )
    await kept.ready()
    nowMs = 100
    assert.equal(kept.value, 'pw-1')
    nowMs = 101
    assert.equal(kept.value, 'pw-1')
    await new Promise(setImmediate)
    assert.equal(kept.value, 'pw-2')
    assert.equal(reads, 2)
  })

  it('given that it cannot be read again, then the old one stays, and is read later', async () => {
    let nowMs = 0
    const answers = [Promise.resolve('pw-1'), Promise.reject(new Error('away')), Promise.resolve('pw-2')]
    for (const answer of answers) answer.catch(() => {})
    const kept = new CachedValue(
      () => answers.shift() as Promise<string>,
      100,
      () => nowMs,
    )
    await kept.ready()
    nowMs = 101
    const values: string[] = []
    for (let use = 0; use < 3; use += 1) {
      values.push(kept.value)
      await new Promise(setImmediate)
    }
    assert.deepEqual(values, ['pw-1', 'pw-1', 'pw-2'])
  })
})
