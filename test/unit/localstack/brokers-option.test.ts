import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readBrokers } from '../../../localstack/brokers-option.ts'
import { readArguments, USAGE } from '../../../localstack/start/arguments.ts'

describe('the number of brokers', () => {
  it('is one or three, and left open where nobody says it', () => {
    assert.deepEqual([undefined, '1', '3'].map(readBrokers), [undefined, 1, 3])
    assert.equal(readArguments(['--brokers', '3']).brokers, 3)
    assert.equal(readArguments([]).brokers, undefined)
    assert.match(USAGE, /--brokers 3/)
  })

  for (const text of ['2', 'x', '', '03', '3.0', '-3'])
    it(`is refused where it is "${text}", with what it must be`, () => {
      assert.throws(() => readBrokers(text), {
        name: 'LocalCloudError',
        message: `--brokers is "${text}", and must be 1 or 3: it takes three to do without one. Try: --brokers 3`,
      })
    })
})
