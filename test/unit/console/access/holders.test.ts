import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Holder } from '../../../../console/access/access.ts'
import { freshHolders, holdersIn } from '../../../../console/access/holders.ts'

const ADA: Holder = { token: 'a'.repeat(32), name: 'ada', role: 'operator' }
const BO: Holder = { token: 'b'.repeat(43), name: 'bo', role: 'viewer' }

describe('the secret of the console', () => {
  it('given people with tokens and roles, then they are who may come in', () => {
    assert.deepEqual(holdersIn({ tokens: [ADA, BO] }), [ADA, BO])
  })

  const wrong: [string, unknown][] = [
    ['nothing', undefined],
    ['nobody', { tokens: [] }],
    ['a token that can be guessed', { tokens: [{ ...ADA, token: 'secret' }] }],
    ['a token with blanks', { tokens: [{ ...ADA, token: `${'a'.repeat(32)} ` }] }],
    ['nobody by name', { tokens: [{ ...ADA, name: ' ' }] }],
    ['another role', { tokens: [{ ...ADA, role: 'admin' }] }],
    ['no role', { tokens: [{ token: ADA.token, name: 'ada' }] }],
    ['the same token twice', { tokens: [ADA, { ...BO, token: ADA.token }] }],
  ]
  for (const [what, secret] of wrong)
    it(`given ${what}, then it is refused, and the message says nothing of its content`, () => {
      assert.throws(
        () => holdersIn(secret),
        ({ message }: Error) => {
          assert.match(message, /^The secret of the console must /)
          assert.doesNotMatch(message, /aaaa|secret"|admin|ada/)
          return true
        },
      )
    })
})

describe('who may come in now', () => {
  it('given a secret that changes, then it is read again after its time, and not before', async () => {
    let [nowMs, secret] = [0, [ADA]]
    const holders = freshHolders(async () => secret, { forMs: 60, now: () => nowMs, told: assert.ifError })
    assert.deepEqual(await holders(), [ADA])
    secret = [BO]
    nowMs = 59
    assert.deepEqual(await holders(), [ADA])
    nowMs = 60
    assert.deepEqual(await holders(), [BO])
  })

  it('given a secret that cannot be read at first, then nobody comes in; later, the last ones go on', async () => {
    let [nowMs, fails] = [0, true]
    const heard: unknown[] = []
    const holders = freshHolders(
      async () => {
        if (fails) throw new Error('away')
        return [ADA]
      },
      { forMs: 60, now: () => nowMs, told: error => heard.push(error) },
    )
    await assert.rejects(holders(), /away/)
    fails = false
    await holders()
    fails = true
    nowMs = 100
    assert.deepEqual(await holders(), [ADA])
    assert.equal(heard.length, 1)
  })
})
