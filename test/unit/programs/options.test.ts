import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { duration } from '../../../lib/app/settings/duration.ts'
import { oneOf, wholeNumber } from '../../../lib/runtime/settings/values.ts'
import { readOptions } from '../../../programs/options.ts'

const OPTIONS = { help: { type: 'boolean', default: false } } as const

describe('the values of options', () => {
  const options = {
    count: { type: 'string', default: '4' },
    only: { type: 'string', multiple: true, default: [] as string[] },
    for: { type: 'string' },
  } as const
  const kinds = { count: wholeNumber({ least: 1, most: 9 }), only: oneOf(['a', 'b']), for: duration() }

  it('given values that are allowed, then they are what they stand for, defaults included', () => {
    const read = readOptions('npm run it', ['--only', 'a', '--only', 'b', '--for', '1m30s'], options, kinds)
    assert.deepEqual(read, { count: 4, only: ['a', 'b'], for: 90_000 })
    assert.deepEqual(readOptions('npm run it', [], options, kinds), { count: 4, only: [] })
  })

  it('given several that are not, then each is named at once, with what it must be', () => {
    const wrong = ['--count', '10', '--only', 'c', '--for', '0']
    assert.throws(() => readOptions('npm run it', wrong, options, kinds), {
      name: 'ConfigError',
      message: [
        'the command line of `npm run it` has 3 errors:',
        '  - --count: must be a whole number from 1 to 9',
        '  - --only: must be one of a, b',
        '  - --for: must be a duration such as 90s, 5m or 1h30m',
      ].join('\n'),
    })
  })
})

describe('the options of a command', () => {
  it('are read, with their defaults', () => {
    assert.equal(readOptions('npm run it', [], OPTIONS).help, false)
    assert.equal(readOptions('npm run it', ['--help'], OPTIONS).help, true)
  })

  for (const [args, reason] of [
    [['--hepl'], "Unknown option '--hepl'"],
    [['20'], "Unexpected argument '20'"],
    [['--help=yes'], "Option '--help' does not take an argument"],
  ] as const)
    it(`are rejected if they are ${args}, with the reason and where to look`, () => {
      assert.throws(() => readOptions('npm run it', args, OPTIONS), {
        name: 'UserError',
        message: `${reason}. Try: npm run it -- --help`,
      })
    })
})
