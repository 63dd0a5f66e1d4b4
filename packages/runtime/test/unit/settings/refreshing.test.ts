import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { refreshing } from '../../../settings/resolve-kafka-access.ts'

describe('a value that is kept up to date', () => {
  const answers: (object | Error)[] = []
  let nowMs = 0
  const read = async () => {
    const answer = answers.shift()
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('read once too often')
    return answer
  }
  const begin = (...next: (object | Error)[]) => {
    nowMs = 0
    answers.splice(0, answers.length, ...next)
    return refreshing(read, 1_000, () => nowMs)
  }

  it('given an old one, then it is given once more, and the next one is new', async () => {
    const value = await begin({ password: 'old' }, { password: 'new' })
    nowMs = 1_001
    assert.deepEqual(value(), { password: 'old' })
    await turn()
    assert.deepEqual(value(), { password: 'new' })
    assert.equal(answers.length, 0)
  })

  it('given that it cannot be read again, then the old one stays', async () => {
    const value = await begin({ password: 'old' }, new Error('away'), { password: 'new' })
    nowMs = 1_001
    value()
    await turn()
    assert.deepEqual(value(), { password: 'old' })
    nowMs = 2_003
    value()
    await turn()
    assert.deepEqual(value(), { password: 'new' })
  })
})
