import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'

const { invokesApart } = createRequire(import.meta.url)('../../../../localstack/invoke-local/esbuild.cjs')

describe('whether a bundle gets the replacements for servers', () => {
  const apart = (command: string, env: object = {}) =>
    invokesApart({ processedInput: { commands: command.split(' ') }, classes: { Error } }, env)

  it('given `invoke local`, then it does, unless it uses the running stack', () => {
    assert.equal(apart('invoke local'), true)
    assert.equal(apart('invoke local', { SLUICE_LIVE: '0' }), true)
    assert.equal(apart('invoke local', { SLUICE_LIVE: '1' }), false)
  })

  for (const command of ['package', 'deploy', 'deploy function', 'offline', 'offline start', 'invoke'])
    it(`given \`${command}\`, then it does not, whatever is set`, () => {
      for (const live of ['', '0', '1', 'no']) assert.equal(apart(command, { SLUICE_LIVE: live }), false)
    })

  it('given an unknown value of SLUICE_LIVE, then the message names the valid one', () =>
    assert.throws(() => apart('invoke local', { SLUICE_LIVE: 'yes' }), /SLUICE_LIVE is "yes"\. Set it to 1 /))
})
