import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { assertSupportedNode } from '../../support/supported-node.ts'

const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

describe('the version of Node', () => {
  for (const version of ['22.15.0', '22.22.1', '24.0.0'])
    it(`given ${version}, then the plugin is loaded`, () => {
      assertSupportedNode(version)
    })

  for (const version of ['18.20.8', '20.20.2', '22.14.0'])
    it(`given ${version}, then one sentence says what is needed`, () => {
      assert.throws(() => assertSupportedNode(version), {
        name: 'ServerlessError',
        message: `serverless-offline-msk-trigger needs Node 22.15 or later, and this is ${version}.`,
      })
    })

  it('given the package, then it declares the same version', () => {
    assert.equal(engines.node, '>=22.15')
  })
})
