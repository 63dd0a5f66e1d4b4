import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isInexact, parseExact } from '../../../cloudevents/exact-json.ts'

describe('JSON whose numbers are what they were', () => {
  const taken = [
    ['the largest integer below which all are exact', '9007199254740991'],
    ['one beyond that a double holds', '9007199254740992'],
    ['what JavaScript writes of a double', '36893488147419103000'],
    ['minus nothing beside many digits', '[-0,0.1234567890123456789,1234567890123456]'],
    ['a round one with many digits', '-100000000000000000000'],
    ['nanoseconds that a double holds', '1772366400000000000'],
    ['more digits behind the point than a double holds', '0.30000000000000004441'],
    ['a long fraction of a large number', '12345678901234567.25'],
    ['an exponent', '1.7976931348623157e308'],
    ['a number so small that it is 0', '1e-400'],
    ['digits in a text', '"9007199254740993"'],
    ['digits in a name', '{"9007199254740993":1}'],
  ] as const
  for (const [what, text] of taken)
    it(`given ${what}, then it is read as JSON.parse does`, () =>
      assert.deepEqual(parseExact(text), JSON.parse(text)))

  const refused = [
    ['an integer between two doubles', '9007199254740993', /the document/],
    ['a negative one', '{"a":{"count":-9007199254740993}}', /"count"/],
    ['a double in other digits than those of JavaScript', '{"a":36893488147419103232}', /"a"/],
    ['one in a list behind others', '{"list":[1,2,18446744073709551615]}', /"2"/],
    ['a number beyond all doubles', '{"a":1e400}', /"a"/],
    ['one with digits alone', `{"a":${'9'.repeat(400)}}`, /"a"/],
  ] as const
  for (const [what, text, place] of refused)
    it(`given ${what}, then it is refused, naming only its place`, () => {
      const isRefusal = (error: unknown) =>
        isInexact(error) && place.test(error.message) && !/\d{4}/.test(error.message)
      assert.throws(() => parseExact(text), isRefusal)
    })

  it('given any integer, then it keeps its digits or is refused, and every safe one is taken', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), integer => {
        try {
          assert.equal(JSON.stringify(parseExact(`[${integer}]`)), `[${integer}]`)
        } catch (error) {
          assert.ok(isInexact(error))
          assert.ok(!Number.isSafeInteger(Number(integer)))
        }
      }),
    )
  })

  it('given what JavaScript writes of any number, then it is read as that number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), number =>
        assert.equal(JSON.stringify(parseExact(JSON.stringify([number]))), JSON.stringify([number])),
      ),
    )
  })

  it('given any JSON value, then it is read as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        try {
          assert.deepEqual(parseExact(text), JSON.parse(text))
        } catch (error) {
          assert.ok(isInexact(error))
        }
      }),
    )
  })
})
