import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ran } from '../terminal.ts'

const WITH_LOGIN = [
  'http://u:geheim@127.0.0.1:1/garbage',
  'HTTPS://u:geheim@127.0.0.1',
  'http://u:ge@h/e:geheim@127.0.0.1',
  'u:geheim@127.0.0.1:1',
  'geheim@127.0.0.1:1',
]

describe('given an address of a registry with a login', () => {
  for (const address of WITH_LOGIN) {
    const shown = address.replace(/[^/]*geheim/, '…')
    it(`when an option names ${shown}, then no login is shown, but where it belongs`, async () => {
      const { status, stdout, stderr } = await ran(['schemas', 'list', '--registry', address])
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, /'--registry <url>': "(https?:\/\/)?…@127\.0\.0\.1\S*" is invalid/i)
      assert.match(stderr, /with a path if .* without user and password: .* SCHEMA_REGISTRY_SECRET/)
      assert.doesNotMatch(stderr, /geheim|u:/)
    })

    it(`when a variable names ${shown}, then the same is said, without the address`, async () => {
      const environment = { SCHEMA_REGISTRY_URL: address }
      const { status, stderr } = await ran(['schemas', 'list'], { environment })
      assert.equal(status, 2)
      assert.match(stderr, /SCHEMA_REGISTRY_URL.*: must be http:.* SCHEMA_REGISTRY_SECRET/)
      assert.doesNotMatch(stderr, /geheim|u:/)
    })
  }
})

it('given an address that cannot be one, when an option names it, then it is refused', async () => {
  for (const address of ['http://127.0.0.1:port', 'http://[', 'ftp://127.0.0.1']) {
    const { status, stderr } = await ran(['schemas', 'list', '--registry', address])
    assert.equal(status, 2, stderr)
    assert.ok(stderr.includes(`"${address}" is invalid`), stderr)
  }
})

it('given an address with a path, when nothing listens there, then the message names it', async () => {
  const { status, stderr } = await ran(['schemas', 'list', '--registry', 'http://127.0.0.1:1/apis/ccompat'])
  assert.equal(status, 1)
  assert.match(stderr, /does not answer at http:\/\/127\.0\.0\.1:1\/apis\/ccompat/)
})
