import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { receiverAccess } from '../../../lib/app/receiver-access.ts'
import { webhook } from '../notification/messages.ts'

const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const RECEIVER = webhook('a', { secret: 'hook' })

function given(secret: Readonly<Record<string, unknown>>) {
  const asked: string[] = []
  let clockMs = 0
  const read = async (name: string) => {
    asked.push(name)
    return secret
  }
  const later = (ms: number) => {
    clockMs += ms
  }
  const access = receiverAccess({ env: 'prod', read, nowMs: () => clockMs })
  return { asked, access, later }
}

describe('where a webhook is sent to', () => {
  it('given no secret, then it is the address of the file, unsigned', async () => {
    const { access, asked } = given({})
    const { secret: _, ...bare } = RECEIVER
    assert.deepEqual(await access(bare), { url: 'https://a.example/hook', keys: [], headers: {} })
    assert.deepEqual(asked, [])
  })

  it('given a secret, then its address, keys and headers count', async () => {
    const headers = { Authorization: 'Bearer x' }
    const { access, asked } = given({ url: 'https://b.example/', signingSecret: [KEY, KEY], headers })
    const { url, keys, headers: read } = await access(RECEIVER)
    assert.deepEqual([url, keys.length, read], ['https://b.example/', 2, headers])
    assert.deepEqual(asked, ['sluice/prod/receivers/hook'])
  })

  it('given several notifications, then the secret is read once in five minutes', async () => {
    const { access, asked, later } = given({ signingSecret: KEY })
    await access(RECEIVER)
    await access(RECEIVER)
    assert.equal(asked.length, 1)
    later(5 * 60_000)
    await access(RECEIVER)
    assert.equal(asked.length, 2)
  })

  it('given a secret of this machine, then Secrets Manager is not asked', async () => {
    const read = () => Promise.reject(new Error('asked'))
    const access = receiverAccess({
      env: 'local',
      read,
      localSecrets: { hook: { url: 'http://127.0.0.1/' } },
    })
    assert.equal((await access(RECEIVER)).url, 'http://127.0.0.1/')
  })

  const wrong: [given: string, secret: Readonly<Record<string, unknown>>, said: RegExp][] = [
    [
      'an unknown key',
      { signingKey: KEY },
      /^secret sluice\/prod\/receivers\/hook: has unknown keys; known are url, /,
    ],
    ['no key', { signingSecret: 'hunter2' }, /: signingSecret must be whsec_ and 24 to 64 bytes in base64/],
    ['an invalid address', { url: 'hunter2' }, /: url must be a URL/],
    [
      'a password in its address',
      { url: 'https://ops:hunter2@b.example/' },
      /: url must be .* without user and/,
    ],
    [
      'a user in its address',
      { url: 'https://hunter2@b.example/' },
      /: url must be .* without user and password/,
    ],
    ['an address that is cut off', { url: 'https://hunter2:x' }, /: url must be a URL/],
    ['a header of the request', { headers: { Host: 'hunter2' } }, /: headers: Host is set by Sluice itself$/],
    [
      'a header of the body',
      { headers: { 'transfer-encoding': 'hunter2' } },
      /: headers: transfer-encoding is set/,
    ],
    [
      'headers that are no texts',
      { headers: { a: 1 } },
      /: headers must be an object whose values are ASCII strings$/,
    ],
    ['a header with a line break', { headers: { a: 'hunter2\r\nb: c' } }, /: headers must be an object/],
  ]
  for (const [name, secret, said] of wrong)
    it(`given ${name} in it, then that is reported, without a value`, async () => {
      await assert.rejects(given(secret).access(RECEIVER), (error: Error) => {
        assert.match(error.message, said)
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      })
    })
})
