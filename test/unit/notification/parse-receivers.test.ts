import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readReceivers } from '../../../lib/notification/parse-receivers.ts'
import { goldenAnswers, listErrorLines } from '../../support/golden.ts'

const ROW = '  - { name: pager, kind: webhook, url: "https://pager.example/hook"'

describe('a file of receivers', () => {
  it('given files with errors, then each error is named with line and column, and no value is quoted', () =>
    goldenAnswers('receivers', text => listErrorLines(() => readReceivers(`${text}\n`, 'r.yaml'))))

  it('given more rows with errors than are listed, then it says so, and looks no closer', () => {
    const rows = Array.from({ length: 101 }, () => '  - { name: A, kind: webhook }').join('\n')
    const lines = listErrorLines(() => readReceivers(`receivers:\n${rows}\n`, 'r.yaml')).split('\n')
    assert.equal(lines.length, 101)
    assert.match(lines.at(-1) ?? '', /has more errors than are listed/)
  })

  it('given bounds of what is allowed, then it has no error', () => {
    const more = [
      'timeout: 1s',
      'timeout: 30s',
      'allowPrivate: true, url: "http://a.example"',
      'secret: s',
    ].map(
      (keys, index) => `  - { name: a${index}, kind: webhook, url: "https://slack.com.example/x", ${keys} }`,
    )
    const text = `receivers:\n${more.join('\n').replace('url: "https://slack.com.example/x", allowPrivate', 'allowPrivate')}\n`
    assert.equal(readReceivers(text, 'r.yaml').length, more.length)
  })

  const isSecret = (keys: string) =>
    /is a secret|must be in the secret/.test(
      listErrorLines(() => readReceivers(`receivers:\n  - { name: a, kind: webhook, ${keys} }`, 'r.yaml')),
    )

  it('given a URL or header that holds a secret, by its host, a name or a random value, then it belongs into the secret', () => {
    const secrets = [
      ...[
        'hooks.slack.com/x',
        'eu.discord.com/x',
        'x.webhook.office.com/x',
        'chat.googleapis.com/v1/spaces/x',
      ],
      ...[
        'prod-1.westeurope.logic.azure.com/workflows/x',
        'a.b.api.powerplatform.com/x',
        'hook.eu1.make.com/x',
      ],
      ...['hooks.zapier.com/hooks/catch/1/x', 'discordapp.com/api/webhooks/1/x', 'hooks.slack-gov.com/x'],
      ...[
        'sig',
        'SIG',
        'signature',
        'X-Amz-Signature',
        'token',
        'access_token',
        'accessToken',
        'api-key',
      ].map(name => `a.example/h?a=b&${name}=x`),
      ...[
        'key',
        'apikey',
        'apiKey',
        'sharedKey',
        'code',
        'client_secret',
        'password',
        'pwd',
        'auth',
        'sas',
      ].map(name => `a.example/h?${name}=x`),
      'a.example/h?id=Zk3mQ9xT7bL2vR8nW4pY',
      'a.example/h?id=3f2504e0-4f89-11d3-9a0c-0305e82c3301',
      'a.example/hooks/9f86d081884c7d659a2feaa0c55ad015',
    ]
    for (const url of secrets) assert.ok(isSecret(`url: "https://${url}"`), url)
    const open = [
      ...[
        'a.example/@ops/h',
        'a.example/h?sig=',
        'a.example/h?team=ops&design=x&author=y&keyword=z&monkey=1',
      ],
      ...[
        'notdiscord.com/x',
        'slack.com.example/x',
        'make.com.example/x',
        'a.example/country?country_code=no',
      ],
      ...['a.example/sensors-of-the-northern-building/v2/1234567890123456789012', 'a.example:8443/token'],
      'a.example/h?at=2026-03-01T12:00:00.000Z&subject=%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82',
      'a.example/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82-%D0%BC%D0%B8%D1%80',
    ]
    for (const url of open) assert.ok(!isSecret(`url: "https://${url}"`), url)
    const withHeader = (header: string) => isSecret(`url: "https://a.example", headers: { ${header} }`)
    for (const header of ['X-Functions-Key: x', 'X-Signature: x', 'X-Id: Zk3mQ9xT7bL2vR8nW4pY', 'Cookie: x'])
      assert.ok(withHeader(header), header)
    for (const header of ['X-Team: ops', 'X-Author: ann']) assert.ok(!withHeader(header), header)
  })

  it('given a topic, then it needs no more keys', () => {
    const text = 'receivers:\n  - { name: sns, kind: sns }'
    assert.deepEqual(readReceivers(text, 'r.yaml'), [{ name: 'sns', kind: 'sns' }])
  })

  it('given a webhook with little, then the defaults are filled in; given all keys, then they are read', () => {
    const text = `receivers:
${ROW} }
  - name: chat
    kind: webhook
    format: slack
    secret: chat
    timeout: 30s
    allowPrivate: true
    headers: { X-Team: ops }
  - { name: oncall, kind: webhook, format: pagerduty, secret: oncall }
`
    assert.deepEqual(readReceivers(text, 'r.yaml'), [
      {
        name: 'pager',
        kind: 'webhook',
        format: 'sluice',
        url: 'https://pager.example/hook',
        timeoutMs: 5_000,
        allowPrivate: false,
        headers: {},
      },
      {
        name: 'chat',
        kind: 'webhook',
        format: 'slack',
        secret: 'chat',
        timeoutMs: 30_000,
        allowPrivate: true,
        headers: { 'X-Team': 'ops' },
      },
      {
        name: 'oncall',
        kind: 'webhook',
        format: 'pagerduty',
        url: 'https://events.pagerduty.com/v2/enqueue',
        secret: 'oncall',
        timeoutMs: 5_000,
        allowPrivate: false,
        headers: {},
      },
    ])
  })
})
