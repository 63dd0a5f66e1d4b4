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
})
