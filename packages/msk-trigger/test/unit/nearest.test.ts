import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { nearest } from '../../support/nearest.ts'

const known = ['topic', 'batchSize', 'functionResponseType', 'maximumRetryAttempts']

describe('the known name that is meant by another', () => {
  const meant: [name: string, result: string | undefined][] = [
    ['functionResponseTypes', 'functionResponseType'],
    ['FunctionResponseType', 'functionResponseType'],
    ['function_response_type', 'functionResponseType'],
    ['maximumRetryAttempt', 'maximumRetryAttempts'],
    ['maximumRetyrAttempt', 'maximumRetryAttempts'],
    ['topcis', undefined],
    ['topci', 'topic'],
    ['topics', 'topic'],
    ['tropics', undefined],
    ['tipic', 'topic'],
    ['topic', undefined],
    ['arn', undefined],
    ['', undefined],
  ]
  for (const [name, result] of meant) {
    it(`given ${JSON.stringify(name)}, then it is ${result}`, () =>
      assert.equal(nearest(name, known), result))
  }

  it('given a known name with one character added, left out, or replaced, then it is that name', () => {
    const name = fc.constantFrom(...known)
    const property = fc.property(
      name,
      fc.nat(),
      fc.constantFrom('', 'q', '7'),
      fc.boolean(),
      (one, n, put, isOver) => {
        const place = n % (one.length + 1)
        const mistaken = one.slice(0, place) + put + one.slice(place + (isOver || put === '' ? 1 : 0))
        fc.pre(!known.includes(mistaken))
        assert.equal(nearest(mistaken, known), one)
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  it('given no known name, then there is no suggestion', () => assert.equal(nearest('topic', []), undefined))
})
