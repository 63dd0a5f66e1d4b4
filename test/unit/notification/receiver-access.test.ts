import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { receiverAccess } from '../../../lib/notification/adapters/receiver-access.ts'
import { golden } from '../../support/golden.ts'
import { webhook } from './messages.ts'

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

  // Promise docs/notifications.md#secrets | Address, keys and headers of a receiver come from its secret, read once in five minutes.
  it('given several notifications, then the secret is read once in five minutes', async () => {
    const { access, asked, later } = given({ signingSecret: KEY })
    await access(RECEIVER)
    await access(RECEIVER)
    assert.equal(asked.length, 1)
    later(5 * 60_000)
    await access(RECEIVER)
    assert.equal(asked.length, 2)
  })

  it('given a secret with an error that is corrected, then it is read again for the next notification', async () => {
    const secret: Record<string, unknown> = { url: 'https://user:word@b.example/' }
    const { access, asked } = given(secret)
    await assert.rejects(access(RECEIVER), /url must have no user and password.* under headers$/)
    secret.url = 'https://b.example/@ops'
    assert.equal((await access(RECEIVER)).url, 'https://b.example/@ops')
    assert.equal(asked.length, 2)
  })

  it('given a secret of this machine, then Secrets Manager is not asked', async () => {
    const read = () => Promise.reject(new Error('asked'))
    const access = receiverAccess({
      env: 'local',
      ...{ read, nowMs: Date.now },
      localSecrets: { hook: { url: 'http://127.0.0.1/' } },
    })
    assert.equal((await access(RECEIVER)).url, 'http://127.0.0.1/')
  })

  it('given PagerDuty, then its secret has a routing key, which no other receiver has', async () => {
    const pager = webhook('a', { secret: 'hook', format: 'pagerduty' })
    const routingKey = 'R0123456789abcdef0123456789abcde'
    assert.equal((await given({ routingKey }).access(pager)).routingKey, routingKey)
    const error = /^secret sluice\/prod\/receivers\/hook: routingKey must be [^_]*32 letters and digits$/
    for (const wrong of [{}, { routingKey: 'geheim' }, { routingKey: 7 }, { routingKey: `${routingKey}x` }])
      await assert.rejects(given(wrong).access(pager), ({ message }) => error.test(message))
    await assert.rejects(given({ routingKey }).access(RECEIVER), /unknown keys/)
  })

  it('given errors in it, then each is reported, without a value', async () => {
    const wrong: Readonly<Record<string, unknown>>[] = [
      { signingKey: KEY },
      { signingSecret: 'geheim' },
      { url: 'geheim' },
      { url: 'https://ops:geheim@b.example/' },
      { url: 'https://geheim@b.example/' },
      { url: 'https://geheim:x' },
      { url: 'https://b.example/a geheim' },
      { url: 7 },
      { headers: { Host: 'geheim' } },
      { headers: { 'transfer-encoding': 'geheim' } },
      { headers: { a: 1 } },
      { headers: { a: 'geheim\r\nb: c' } },
    ]
    const getProblem = (secret: Readonly<Record<string, unknown>>) =>
      given(secret)
        .access(RECEIVER)
        .then(
          () => 'no error',
          (error: Error) => error.message,
        )
    const problems = await Promise.all(wrong.map(getProblem))
    assert.doesNotMatch(problems.join(), /geheim/)
    golden('receiver-secret', problems.map(problem => `${problem}\n`).join(''))
  })
})
