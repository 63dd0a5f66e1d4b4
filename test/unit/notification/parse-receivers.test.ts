import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readReceivers } from '../../../lib/notification/parse-receivers.ts'

const ROW = '  - { name: pager, kind: webhook, url: "https://pager.example/hook"'

describe('a file of receivers', () => {
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
