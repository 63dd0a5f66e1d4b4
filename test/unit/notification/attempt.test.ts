import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attempt, type PostAnswer, type PostRequest } from '../../../lib/notification/webhook/attempt.ts'
import { AT_MS, message, webhook } from './messages.ts'

async function attemptWith(answer: PostAnswer, receiver = webhook('a')) {
  const requests: PostRequest[] = []
  const result = await attempt(receiver, message(), {
    post: async request => {
      requests.push(request)
      return answer
    },
    access: async ({ name, url = '' }) => {
      if (name === 'locked') throw new Error('its secret cannot be read')
      return { url, keys: [], headers: { 'X-Own': 'secret', 'user-agent': 'other' } }
    },
    nowMs: () => AT_MS,
    pause: async () => {},
  })
  return { ...result, requests }
}

describe('an attempt to post a notification', () => {
  for (const [status, kind] of [
    [199, 'rejected'],
    [200, 'delivered'],
    [299, 'delivered'],
    [300, 'rejected'],
    [399, 'rejected'],
    [400, 'rejected'],
    [408, 'retry'],
    [425, 'retry'],
    [429, 'retry'],
    [499, 'rejected'],
    [500, 'retry'],
  ] as const)
    it(`given the status ${status}, then it is ${kind}, and did not time out`, async () => {
      const { outcome, noAnswer, retryAfterMs } = await attemptWith({ kind: 'status', status })
      assert.deepEqual([outcome.kind, noAnswer, retryAfterMs], [kind, undefined, undefined])
      const why = 'why' in outcome ? outcome.why : ''
      assert.equal(why.includes('a redirect'), status === 300 || status === 399)
      assert.equal('safeMessage' in outcome ? outcome.safeMessage : '', why)
    })

  for (const [says, body, failure] of [
    ['that it failed', '{"ok":false,"error":"channel_is_archived"}', '"ok" is false'],
    ['that it has no success', '{"success":false}', '"success" is false'],
    ['an error code', '{"code":11232,"msg":"frequency limited"}', '"code" is an error code'],
    ['an error code as text', '{"errcode":"310000"}', '"errcode" is an error code'],
    ['a negative code', '{"StatusCode":-1}', '"StatusCode" is an error code'],
    ['a failure in words', 'Webhook message delivery failed with error: HTTP error 429', 'delivery failed'],
    ['only ok', 'ok', undefined],
    ['the status again', '{"code":200,"message":"delivery failed is in your text"}', undefined],
    ['success', '{"errcode":0,"StatusCode":"0","code":"ok","ok":true}', undefined],
    ['the text of the alert', `you wrote: ${'x'.repeat(40)} delivery failed`, undefined],
    ['nothing that can be read', '{"ok":false,', undefined],
    ['nothing', '', undefined],
  ] as const)
    it(`given status 200 and a body that says ${says}, then a chat has it${failure ? ' not' : ''}, and no text of it is in the reason`, async () => {
      const answer = { kind: 'status', status: 200, body: Promise.resolve(body) } as const
      const { outcome, requests } = await attemptWith(answer, webhook('a', { format: 'slack' }))
      const why = `a: answered with status 200, but its response reports a failure: ${failure}`
      assert.deepEqual(
        'why' in outcome ? [outcome.kind, outcome.why, outcome.safeMessage] : [outcome.kind],
        failure ? ['retry', why, why] : ['delivered'],
      )
      const plain = await attemptWith(answer)
      assert.equal(plain.outcome.kind, 'delivered')
      assert.deepEqual([requests[0]?.readsBody, plain.requests[0]?.readsBody], [true, undefined])
    })

  for (const [retryAfter, ms] of [
    ['0', 0],
    ['7', 7_000],
    ['999999999', 999_999_999_000],
    [new Date(AT_MS + 9_000).toUTCString(), 9_000],
    [new Date(AT_MS - 9_000).toUTCString(), 0],
    ['12345678901', 12_345_678_901_000],
    ...['Sun, 01 Mar 2026 12:00:09 GMT', 'Sunday, 01-Mar-26 12:00:09 GMT', 'Sun Mar  1 12:00:09 2026'].map(
      date => [date, 9_000] as const,
    ),
    ['Sun Mar 01 12:00:09 2026', 9_000],
    ...[
      ...[
        'soon',
        '5 soon',
        '11.5',
        '1.5',
        '-5',
        '+5',
        '1e3',
        '0x10',
        '5s',
        '5, 7',
        ' ',
        '12/12',
        '3 Mar 2027',
      ],
      ...['2026-03-01T12:00:09Z', '2026-03-01', 'Sun, 01 Mar 2026 12:00:09', 'Sun, 01 Mar 2026 12:00:09 CET'],
      ...['Sun, 1 Mar 2026 12:00:09 GMT', 'sun, 01 mar 2026 12:00:09 gmt', 'Sun, 01 Mar 2026 12:00 GMT'],
      ...['01 Mar 2026 12:00:09 GMT', 'Sun, 01 Mar 2026 25:00:09 GMT', 'Sun Mar  1 12:00:09 2026 GMT'],
      ...[
        'x Sun, 01 Mar 2026 12:00:09 GMT',
        'Sun, 01 Mar 2026 12:00:09 GMT x',
        '٥',
        'Sunxday, 01-Mar-26 12:00:09 GMT',
      ],
    ].map(text => [text, undefined] as const),
    ['', undefined],
    [undefined, undefined],
  ] as const)
    it(`given Retry-After ${retryAfter}, then the wait is ${ms}`, async () => {
      const answer = {
        kind: 'status',
        status: 503,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      } as const
      assert.equal((await attemptWith(answer)).retryAfterMs, ms)
    })

  it('given no answer or a refusal, then it is tried again or not, and a time-out is told apart', async () => {
    const of = async (answer: PostAnswer, name = 'a') => {
      const { outcome, noAnswer, requests } = await attemptWith(answer, webhook(name))
      assert.equal('safeMessage' in outcome && outcome.safeMessage, 'why' in outcome && outcome.why)
      return [outcome.kind, 'why' in outcome && outcome.why, noAnswer, requests.length]
    }
    const why = 'is away'
    assert.deepEqual(await of({ kind: 'no-answer', why, timedOut: true }), ['retry', 'a: is away', why, 1])
    const answered = [undefined, 1]
    assert.deepEqual(await of({ kind: 'no-answer', why, timedOut: false }), [
      'retry',
      'a: is away',
      ...answered,
    ])
    assert.deepEqual(await of({ kind: 'refused', why }), ['rejected', 'a: is away', ...answered])
    const unread = 'its secret cannot be read'
    const locked = ['retry', `locked: ${unread}`, unread, 0]
    assert.deepEqual(await of({ kind: 'refused', why }, 'locked'), locked)
  })

  it('given a receiver, then the request has its limits and headers, those of the secret, and our own', async () => {
    const receiver = webhook('a', {
      timeoutMs: 7,
      allowPrivate: true,
      headers: { 'X-Team': 'ops', 'X-Own': 'file' },
    })
    const { requests } = await attemptWith({ kind: 'status', status: 200 }, receiver)
    const [{ body = '', ...request } = {} as PostRequest] = requests
    assert.deepEqual(request, {
      ...{ url: 'https://a.example/hook', timeoutMs: 7, allowPrivate: true },
      headers: {
        ...{ 'X-Team': 'ops', 'X-Own': 'secret', 'content-type': 'application/json', 'user-agent': 'sluice' },
        ...{ 'webhook-id': 'n1', 'webhook-timestamp': String(AT_MS / 1_000) },
      },
    })
    assert.equal(JSON.parse(body).type, 'io.sluice.notification.v1')
  })
})
