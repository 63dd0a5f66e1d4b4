import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isUnreachable } from '#runtime/adapters/aws/secrets-and-parameters.ts'
import type { Holder } from '../../../../console/access/access.ts'
import { cacheHolders, parseHolders } from '../../../../console/access/holders.ts'
import type { ProblemError } from '../../../../console/http/problem.ts'

const ADA: Holder = { token: 'a'.repeat(32), name: 'ada', role: 'operator' }
const BO: Holder = { token: 'b'.repeat(43), name: 'bo', role: 'viewer' }

describe('the secret of the console', () => {
  it('given people with tokens and roles, then they are who may come in', () => {
    assert.deepEqual(parseHolders({ tokens: [ADA, BO] }), [ADA, BO])
  })

  const wrong: [string, unknown][] = [
    ['nothing', undefined],
    ['nobody', { tokens: [] }],
    ['a token that can be guessed', { tokens: [{ ...ADA, token: 'secret' }] }],
    ['a token with blanks', { tokens: [{ ...ADA, token: `${'a'.repeat(32)} ` }] }],
    ['no name', { tokens: [{ ...ADA, name: ' ' }] }],
    ['another role', { tokens: [{ ...ADA, role: 'admin' }] }],
    ['no role', { tokens: [{ token: ADA.token, name: 'ada' }] }],
    ['the same token twice', { tokens: [ADA, { ...BO, token: ADA.token }] }],
  ]
  for (const [what, secret] of wrong)
    it(`given ${what}, then it is refused, and the message says nothing of its content`, () => {
      assert.throws(
        () => parseHolders(secret),
        ({ message }: Error) => {
          assert.match(message, /^The secret of the console must /)
          assert.doesNotMatch(message, /aaaa|secret"|admin|ada/)
          return true
        },
      )
    })
})

const MINUTE_MS = 60_000

/** A console whose secret answers or throws this. */
function console(secret: () => unknown) {
  const clock = { nowMs: 0 }
  const heard: string[] = []
  const holders = cacheHolders(async () => parseHolders(secret()), {
    forMs: MINUTE_MS,
    now: () => clock.nowMs,
    isUnreachable: error => error === AWAY,
    reportError: (_error, reason) => heard.push(reason),
  })
  const names = async () =>
    holders().then(
      all => all.map(({ name }) => name),
      error => (error as ProblemError).code,
    )
  return { clock, heard, names }
}
const AWAY = new Error('away')

describe('who may come in now', () => {
  it('given a secret that changes, then it is read again after its time, and not before', async () => {
    let secret = { tokens: [ADA] }
    const { clock, heard, names } = console(() => secret)
    assert.deepEqual(await names(), ['ada'])
    secret = { tokens: [BO] }
    clock.nowMs = MINUTE_MS - 1
    assert.deepEqual(await names(), ['ada'])
    clock.nowMs = MINUTE_MS
    assert.deepEqual(await Promise.all([names(), names()]), [['bo'], ['bo']])
    assert.deepEqual(heard, [])
  })

  const invalid: [string, () => unknown][] = [
    ['is malformed', () => ({ tokens: [{ ...BO, token: 'short' }] })],
    ['is empty', () => ({ tokens: [] })],
    ['is not JSON', () => 'ada'],
    [
      'was deleted',
      () => {
        throw new Error('ResourceNotFoundException')
      },
    ],
  ]
  for (const [what, then] of invalid)
    it(`given a secret that ${what}, then access is refused until it is right again`, async () => {
      let secret: () => unknown = () => ({ tokens: [ADA] })
      const { clock, heard, names } = console(() => secret())
      assert.deepEqual(await names(), ['ada'])
      secret = then
      clock.nowMs = MINUTE_MS
      assert.equal(await names(), 'unavailable')
      assert.equal(await names(), 'unavailable')
      assert.deepEqual(heard, ['invalid'])
      secret = () => ({ tokens: [BO] })
      clock.nowMs += 15_000
      assert.deepEqual(await names(), ['bo'])
    })

  it('given a secret that is unreachable, then it counts as it was for 15 minutes, and this is reported', async () => {
    let isAway = false
    const { clock, heard, names } = console(() => {
      if (isAway) throw AWAY
      return { tokens: [ADA] }
    })
    assert.deepEqual(await names(), ['ada'])
    isAway = true
    for (let minute = 1; minute < 15; minute += 1) {
      clock.nowMs = minute * MINUTE_MS
      assert.deepEqual(await names(), ['ada'], `${minute}`)
    }
    clock.nowMs = 15 * MINUTE_MS
    assert.equal(await names(), 'unavailable')
    assert.equal(heard.filter(reason => reason === 'unreachable').length, 15)
    isAway = false
    clock.nowMs += 15_000
    assert.deepEqual(await names(), ['ada'])
  })

  it('given a secret that is unreachable at first, then access is refused', async () => {
    const { names } = console(() => {
      throw AWAY
    })
    assert.equal(await names(), 'unavailable')
  })
})

describe('an error of Secrets Manager', () => {
  const answered = (name: string, httpStatusCode: number) =>
    Object.assign(new Error(), { name, $metadata: { httpStatusCode } })
  const cases: [string, boolean, Error | undefined][] = [
    ['a network that is away', true, new Error('connect ECONNREFUSED')],
    ['a service that fails', true, answered('InternalServiceError', 500)],
    ['too many requests', true, answered('ThrottlingException', 400)],
    ['too many requests by the status', true, answered('TooManyRequests', 429)],
    ['a secret that is not there', false, answered('ResourceNotFoundException', 400)],
    ['a secret that is being deleted', false, answered('InvalidRequestException', 400)],
    ['a right that was taken away', false, answered('AccessDeniedException', 400)],
    ['a content that is not JSON', false, undefined],
  ]
  for (const [what, expected, cause] of cases)
    it(`given ${what}, then the secret ${expected ? 'is unreachable' : 'cannot be used'}`, () => {
      assert.equal(isUnreachable(new Error('cannot be read', { cause })), expected)
    })
})
