import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bringsTable } from '../../../infra/deployment-checks.ts'

describe('a command that deploys', () => {
  const cases: [commands: string[], options: { package?: string }, brings: boolean][] = [
    [['deploy'], {}, true],
    [['deploy'], { package: '.local/older' }, false],
    [['deploy', 'function'], {}, false],
  ]
  for (const [commands, options, brings] of cases)
    it(`given ${[...commands, ...Object.keys(options)].join(' ')}, then ${brings ? 'the' : 'no'} topic table is compared`, () => {
      assert.equal(bringsTable({ commands, options }), brings)
    })
})
