import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { signingKey, webhookHeaders } from '../../../lib/notification/webhook/signature.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const KEY = signingKey(SECRET) as Buffer
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='

describe('the signature of a request', () => {
  // Promise docs/notifications.md#signature | Requests are signed as Standard Webhooks has it.
  it("given the specification's own example, then it is that signature", () => {
    const headers = webhookHeaders(
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330_999,
      '{"test": 2432232314}',
      [KEY],
    )
    assert.deepEqual(headers, {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': SIGNATURE,
    })
  })

  it('given two keys, then both sign; given none, then there is no signature', () => {
    const other = Buffer.alloc(32, 1)
    const { 'webhook-signature': both = '' } = webhookHeaders('id', 0, 'x', [KEY, other])
    assert.equal(both.split(' ').length, 2)
    assert.equal(both.split(' ')[0], webhookHeaders('id', 0, 'x', [KEY])['webhook-signature'])
    assert.equal('webhook-signature' in webhookHeaders('id', 0, 'x', []), false)
  })

  it('given another id, time or body, then the signature is another', () => {
    const of = (id: string, atMs: number, body: string) =>
      webhookHeaders(id, atMs, body, [KEY])['webhook-signature']
    const all = [of('a', 0, 'x'), of('b', 0, 'x'), of('a', 1_000, 'x'), of('a', 0, 'y')]
    assert.equal(new Set(all).size, 4)
  })

  for (const wrong of [
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_',
    'whsec_c2hvcnQ=',
    'whsec_not base64!',
    `whsec_${'A'.repeat(88)}`,
    7,
    undefined,
  ])
    it(`given ${JSON.stringify(wrong)?.slice(0, 40)} for a secret, then it is invalid`, () =>
      assert.equal(signingKey(wrong), undefined))
})
