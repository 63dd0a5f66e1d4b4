import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readArguments, USAGE } from '../../../localstack/start/arguments.ts'

describe('the number of brokers', () => {
  it('is one or three, and undefined if it is not set', () => {
    assert.equal(readArguments(['--brokers', '1'])?.brokers, 1)
    assert.equal(readArguments(['--brokers', '3'])?.brokers, 3)
    assert.equal(readArguments([])?.brokers, undefined)
    assert.match(USAGE, /--brokers 3/)
  })

  for (const text of ['2', 'x', '', '03', '3.0', '-3'])
    it(`is refused where it is "${text}", with what it must be`, () => {
      assert.throws(() => readArguments([`--brokers=${text}`]), {
        name: 'ConfigError',
        message: 'the command line of `npm start` has 1 error:\n  - --brokers: must be one of 1, 3',
      })
    })
})
