import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { errorLine } from '../../../lib/file-errors.ts'
import { InvalidReceivers, readReceivers } from '../../../lib/notification/receivers-file.ts'

const ROW = '  - { name: pager, kind: webhook, url: "https://pager.example/hook"'

/** The lines of the errors in a file. */
function errorsIn(text: string): readonly string[] {
  try {
    readReceivers(text, 'r.yaml')
    return []
  } catch (error) {
    if (!(error instanceof InvalidReceivers)) throw error
    return error.errors.map(one => errorLine(one, one.receiver))
  }
}

describe('a file of receivers', () => {
  it('given the one that ships, then there is the topic', () => {
    const file = new URL('../../../config/notifications/receivers.yaml', import.meta.url)
    assert.deepEqual(readReceivers(readFileSync(file, 'utf8'), 'r.yaml'), [{ name: 'sns', kind: 'sns' }])
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
    ])
  })

  const errors: [given: string, text: string, said: RegExp][] = [
    ['no YAML', 'receivers: [', /^r\.yaml:\d+:\d+ {2}not YAML: /],
    ['two documents', 'receivers: []\n---\n', /^r\.yaml:1:1 {2}contains more than one/],
    ['nothing', '', /^r\.yaml:1:1 {2}must be a mapping with the one key receivers$/],
    [
      'an empty list',
      'receivers: []\n',
      /^r\.yaml:1:1 {2}receivers: must be a list with at least one receiver$/,
    ],
    [
      'another key beside it',
      'receivers:\n  - { name: a, kind: sns }\nroutes: []\n',
      /^r\.yaml:3:1 {2}routes: unknown key/,
    ],
    ['a text for a receiver', 'receivers:\n  - sns\n', /^r\.yaml:2:5 {2}receiver 1: must be a mapping/],
    [
      'no name',
      'receivers:\n  - { kind: sns }\n',
      /^r\.yaml:2:5 {2}receiver 1\.name: is missing: must be a lower/,
    ],
    [
      'no kind',
      'receivers:\n  - { name: a }\n',
      /^r\.yaml:2:5 {2}a\.kind: is missing: must be one of sns, webhook$/,
    ],
    [
      'an unknown kind',
      'receivers:\n  - { name: a, kind: pigeon }\n',
      /^r\.yaml:2:16 {2}a\.kind: must be one of sns, webhook$/,
    ],
    [
      'a typing error',
      `receivers:\n${ROW}, timeuot: 5s }\n`,
      /^r\.yaml:2:70 {2}pager\.timeuot: unknown key; a receiver has name, /,
    ],
    [
      'an unknown format',
      `receivers:\n${ROW}, format: teams }\n`,
      /pager\.format: must be one of sluice, slack, alertmanager$/,
    ],
    [
      'a name twice',
      'receivers:\n  - { name: a, kind: sns }\n  - { name: a, kind: sns }\n',
      /^r\.yaml:3:7 {2}a\.name: another receiver has this name$/,
    ],
    [
      'a URL for a topic',
      'receivers:\n  - { name: a, kind: sns, url: "https://x" }\n',
      /a\.url: only a webhook has this key$/,
    ],
    [
      'neither URL nor secret',
      'receivers:\n  - { name: a, kind: webhook }\n',
      /^r\.yaml:2:5 {2}a\.url: is missing: set url/,
    ],
    [
      'http',
      'receivers:\n  - { name: a, kind: webhook, url: "http://x" }\n',
      /a\.url: must be https; http is only/,
    ],
    [
      'no URL',
      'receivers:\n  - { name: a, kind: webhook, url: "x.example" }\n',
      /a\.url: must be a URL such as https/,
    ],
    [
      'an invalid URL',
      'receivers:\n  - { name: a, kind: webhook, url: "https://[x" }\n',
      /a\.url: must be a URL such as https/,
    ],
    [
      'a password in the URL',
      'receivers:\n  - { name: a, kind: webhook, url: "https://me:p4ss@x" }\n',
      /a\.url: must be a URL such as https:\/\/host\/path, without user and password$/,
    ],
    [
      'the address of a Slack webhook',
      'receivers:\n  - { name: a, kind: webhook, url: "https://hooks.slack.com/services/T0/B0/x" }\n',
      /a\.url: is a secret, because anyone/,
    ],
    [
      'a time-out that is too long',
      `receivers:\n${ROW}, timeout: 31s }\n`,
      /pager\.timeout: must be from 1s to 30s$/,
    ],
    [
      'a time-out without unit',
      `receivers:\n${ROW}, timeout: 5 }\n`,
      /pager\.timeout: must be a duration from 1s to 30s$/,
    ],
    [
      'a signing secret in the file',
      `receivers:\n${ROW}, signingSecret: whsec_x }\n`,
      /pager\.signingSecret: unknown key/,
    ],
    [
      'a secret in a header',
      `receivers:\n${ROW}, headers: { Authorization: "Bearer x" } }\n`,
      /pager\.headers\.Authorization: must be in the secret, under headers$/,
    ],
    [
      'a header of Sluice',
      `receivers:\n${ROW}, headers: { webhook-id: x } }\n`,
      /pager\.headers\.webhook-id: is set by Sluice itself$/,
    ],
    [
      'no name of a header',
      `receivers:\n${ROW}, headers: { "a b": x } }\n`,
      /pager\.headers\.a b: must be a header name/,
    ],
    [
      'a header that is not a text',
      `receivers:\n${ROW}, headers: { X-A: 1 } }\n`,
      /pager\.headers\.X-A: must be an ASCII string/,
    ],
    [
      'a header with a line break',
      `receivers:\n${ROW}, headers: { X-A: "a\\nb: c" } }\n`,
      /pager\.headers\.X-A: must be an ASCII string/,
    ],
  ]
  for (const [given, text, said] of errors)
    it(`given ${given}, then one line names file, line, receiver and key`, () => {
      const lines = errorsIn(text)
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] ?? '', said)
    })

  it('given several errors, then all are reported, by line, and no value is repeated', () => {
    const lines = errorsIn(`receivers:
  - { name: A, kind: sns }
  - { name: b, kind: webhook, url: "https://me:p4ss@x", secret: "a b", allowPrivate: 1 }
`)
    assert.deepEqual(
      lines.map(line => line.replace(/:\d+ {2}.*?(\w+): .*$/, ' $1')),
      ['r.yaml:2 name', 'r.yaml:3 url', 'r.yaml:3 secret', 'r.yaml:3 allowPrivate'],
    )
    assert.doesNotMatch(lines.join(), /p4ss/)
  })
})
