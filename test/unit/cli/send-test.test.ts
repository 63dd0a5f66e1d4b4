import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { type HttpServer, startHttpServer } from '@sluice/test-kit/http-server'
import { ran } from './terminal.ts'

const RECEIVERS = `receivers:
  - { name: good, kind: webhook, secret: good, allowPrivate: true }
  - { name: chat, kind: webhook, secret: chat, format: slack, allowPrivate: true }
  - { name: moved, kind: webhook, secret: moved, allowPrivate: true }
  - { name: teams, kind: webhook, secret: chat, format: teams, allowPrivate: true }
  - { name: duty, kind: webhook, secret: duty, format: pagerduty, allowPrivate: true }
  - { name: strict, kind: webhook, secret: good }
`

describe('sluice alerts send-test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-send-test-'))
  const got: { url?: string | undefined; body: string; signature: unknown }[] = []
  let server: HttpServer
  let environment: object

  before(async () => {
    server = await startHttpServer(async (request, response) => {
      const body = await text(request)
      got.push({ url: request.url, body, signature: request.headers['webhook-signature'] })
      response.writeHead(request.url === '/moved' ? 302 : 200).end()
    })
    const at = (path: string) => ({ url: `${server.url}${path}` })
    writeFileSync(join(folder, 'receivers.yaml'), RECEIVERS)
    const secrets = {
      good: { ...at('/good'), signingSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
      chat: at('/chat'),
      moved: at('/moved'),
      duty: { ...at('/duty'), routingKey: 'R0123456789abcdef0123456789abcde' },
    }
    environment = { NOTIFICATIONS_DIR: '.', RECEIVER_SECRETS: JSON.stringify(secrets), SLUICE_ENV: 'lab' }
  })

  after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })

  // Promise docs/notifications.md#format-pagerduty
  test('given receivers, then each is tried, with a line about its result, and a failure is status 1', async () => {
    const { status, stdout, stderr } = await ran(['alerts', 'send-test'], { folder, environment })
    assert.equal(
      stdout.replaceAll(/in \d+ ms/g, 'in n ms'),
      'good    webhook  delivered in n ms\n' +
        'chat    webhook  delivered in n ms\n' +
        'moved   webhook  not delivered: answered with status 302, a redirect, which is not followed: use the final URL\n' +
        'teams   webhook  delivered in n ms\n' +
        'duty    webhook  delivered in n ms\n' +
        'strict  webhook  not delivered: its host name resolves to a private address; set allowPrivate: true of the receiver to allow it\n',
    )
    assert.deepEqual([status, stderr], [1, '2 of 6 receivers did not accept the test.\n'])
    const { body = '', signature } = got.find(({ url }) => url === '/good') ?? {}
    const { data } = JSON.parse(body)
    assert.deepEqual([data.reason, data.env, data.receivers], ['test', 'lab', ['good']])
    assert.match(String(signature), /^v1,/)
    const chats = got
      .filter(({ url }) => url === '/chat')
      .map(({ body }) => /"(blocks|AdaptiveCard)"/.exec(body)?.[1])
    assert.deepEqual(chats.sort(), ['AdaptiveCard', 'blocks'])
    // No pager keeps ringing after a test.
    const events = got.filter(({ url }) => url === '/duty').map(({ body }) => JSON.parse(body))
    assert.deepEqual(
      events.map(event => event.event_action),
      ['trigger', 'resolve'],
    )
    assert.equal(events[0].dedup_key, events[1].dedup_key)
  })

  test('given the port of LocalStack alone, then SNS is asked there, and needs no region', async () => {
    got.length = 0
    mkdirSync(join(folder, 'sns'))
    writeFileSync(join(folder, 'sns', 'receivers.yaml'), 'receivers:\n  - { name: people, kind: sns }\n')
    const { stdout } = await ran(['alerts', 'send-test'], {
      folder,
      environment: {
        ...environment,
        NOTIFICATIONS_DIR: 'sns',
        KAFKA_PORT: '1',
        REDIS_PORT: '1',
        AWS_PORT: String(server.port),
      },
    })
    assert.match(got[0]?.body ?? '', /^Action=/)
    assert.doesNotMatch(stdout, /Region/)
  })

  test('given an unknown receiver, then the known ones are listed', async () => {
    const { status, stderr } = await ran(['alerts', 'send-test', 'pagr'], { folder, environment })
    assert.deepEqual(
      [status, stderr],
      [
        1,
        'receivers.yaml has no receiver "pagr". Its receivers are: good, chat, moved, teams, duty, strict.\n',
      ],
    )
  })
})
