import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { oneOf, wholeNumber } from '#runtime/settings/value-kinds.ts'
import { duration } from '../../../lib/app/settings/duration.ts'
import { readOptions } from '../../../scripts/command-line.ts'

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
    [['--hepl'], '--hepl: is not an option; see npm run it -- --help'],
    [['-x'], '-x: is not an option; see npm run it -- --help'],
    [['20'], '20: is not expected; see npm run it -- --help'],
    [['--help=yes'], '--help: takes no value'],
    [['--for'], '--for: needs a value'],
    [['--for', '--help'], '--for: needs a value; if it begins with "-", write --for=…'],
  ] as const)
    it(`are rejected if they are ${args}, with the reason and where to look`, () => {
      assert.throws(() => readOptions('npm run it', args, { ...OPTIONS, for: { type: 'string' } }), {
        name: 'ConfigError',
        message: `the command line of \`npm run it\` has 1 error:\n  - ${reason}`,
      })
    })

  it('given unknown options, unexpected arguments and wrong values, then all are named at once', () => {
    const options = { ...OPTIONS, for: { type: 'string' } } as const
    assert.throws(
      () => readOptions('npm run it', ['--hepl', '--for', 'x', '20'], options, { for: duration() }),
      {
        name: 'ConfigError',
        message: [
          'the command line of `npm run it` has 3 errors:',
          '  - --hepl: is not an option; see npm run it -- --help',
          '  - 20: is not expected; see npm run it -- --help',
          '  - --for: must be a duration such as 90s, 5m or 1h30m',
        ].join('\n'),
      },
    )
  })

  it('given a value that begins with "-", when it is joined by "=", then it is taken', () => {
    const options = { ...OPTIONS, for: { type: 'string' } } as const
    assert.equal(readOptions('npm run it', ['--for=-1'], options).for, '-1')
  })
})
