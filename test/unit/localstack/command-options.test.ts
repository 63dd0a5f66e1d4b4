import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readOptions } from '../../../localstack/command-options.ts'

const OPTIONS = { help: { type: 'boolean', default: false } } as const

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
    it(`are refused where they are ${args}, with the reason and where to look`, () => {
      assert.throws(() => readOptions('npm run it', args, OPTIONS), {
        name: 'LocalCloudError',
        message: `${reason}. Try: npm run it -- --help`,
      })
    })
})
