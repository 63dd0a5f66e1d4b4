import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { oneOf, wholeNumber } from '#runtime/settings'
import { duration } from '../../../control/environment/duration-setting.ts'
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
      name: 'UserError',
      message: [
        `error: option '--count <count>': "10" is invalid. It must be a whole number from 1 to 9.`,
        `error: option '--only <only>': "c" is invalid. It must be one of a, b.`,
        `error: option '--for <for>': "0" is invalid. It must be a duration such as 90s, 5m or 1h30m.`,
        'Try it with npm run it -- --help.',
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
    [['--hepl'], "unknown option '--hepl'\n(Did you mean --help?)"],
    [['-x'], "unknown option '-x'"],
    [['--watch'], "unknown option '--watch'"],
    [['20'], 'too many arguments. Expected 0 arguments but got 1: 20.'],
    [['--for'], "option '--for <for>' argument missing"],
  ] as const)
    it(`are rejected if they are ${args}, with the reason, the nearest option and where to look`, () => {
      const options = { ...OPTIONS, for: { type: 'string' }, 'no-watch': { type: 'boolean' } } as const
      assert.throws(() => readOptions('npm run it', args, options), {
        name: 'UserError',
        message: `error: ${reason}\nTry it with npm run it -- --help.`,
      })
    })

  it('given a value that begins with "-", when it is joined by "=", then it is taken', () => {
    const options = { ...OPTIONS, for: { type: 'string' } } as const
    assert.equal(readOptions('npm run it', ['--for=-1'], options).for, '-1')
  })
})
