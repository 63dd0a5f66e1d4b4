import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type NotificationMessage, sluiceBody } from '../../../lib/notification/message.ts'
import { alertLine, formatTitle, plainText } from '../../../lib/notification/plain-text.ts'
import { SLACK_LIMITS, slackBody } from '../../../lib/notification/webhook/slack.ts'
import { FAMILIES } from '../../support/families.ts'
import { alert, message } from './messages.ts'

const digest = (omitted: number) => message({ alerts: [], omitted }, { isDigest: true })
const RESOLVED = alert('b', { endedAt: '2026-03-01T11:59:30.000Z', value: 38.25 })

describe('the title of a message', () => {
  const many = ['A', 'B', 'C', 'D', 'E'].map(rule => alert(rule, { rule, severity: 'info' }))
  const titles: [given: string, of: NotificationMessage, title: string][] = [
    ['an alert that fires', message(), '[FIRING: 1] HIGH_TEMP (critical) prod'],
    [
      'one more that has resolved',
      message({ alerts: [alert('a'), RESOLVED] }),
      '[FIRING: 1] HIGH_TEMP (critical) prod',
    ],
    ['many rules', message({ alerts: many }), '[FIRING: 5] A, B, C and 2 more (info) prod'],
    ['as many rules as fit', message({ alerts: many.slice(0, 3) }), '[FIRING: 3] A, B, C (info) prod'],
    ['no alerts, then by the group', message({ alerts: [], omitted: 2 }), '[FIRING: 0+] site=oslo prod'],
    ['omitted alerts', message({ omitted: 3 }), '[FIRING: 1+] HIGH_TEMP (critical) prod'],
    ['the end', message({ status: 'resolved', alerts: [RESOLVED] }), '[RESOLVED] HIGH_TEMP (critical) prod'],
    ['a test', message({ reason: 'test' }), '[TEST] HIGH_TEMP (critical) prod'],
    ['a digest of one', digest(1), '[DIGEST] 1 alert was older than 1 h prod'],
    ['a digest', digest(7), '[DIGEST] 7 alerts were older than 1 h prod'],
  ]
  for (const [given, of, title] of titles)
    it(`given ${given}, then it says so in one line`, () => assert.equal(formatTitle(of), title))

  it('given severities, then the highest of those that fire counts', () => {
    const alerts = [alert('a', { severity: 'info' }), alert('b', { severity: 'warning' }), RESOLVED]
    assert.match(formatTitle(message({ alerts })), /\(warning\)/)
  })
})

describe('plain text', () => {
  it('given alerts, then each has a line, and what is left out is counted', () => {
    const alerts = [RESOLVED, ...Array.from({ length: 40 }, (_, index) => alert(`s-${index}`))]
    const lines = plainText(message({ alerts, omitted: 5 })).split('\n')
    assert.equal(
      lines[2],
      '- resolved HIGH_TEMP, b: Extreme heat at b: 52 °C, above 40 °C (2026-03-01T11:59:00.000Z to 2026-03-01T11:59:30.000Z, cleared: temperature is 38.25 °C)',
    )
    const removed = alert('b', { endedAt: '2026-03-01T11:59:30.000Z', reason: 'rule-removed' })
    assert.match(alertLine(FAMILIES, removed), /, rule-removed\)$/)
    assert.match(lines[3] ?? '', /^- critical HIGH_TEMP, s-0: .* \(since 2026-03-01T11:59:00\.000Z\)$/)
    assert.equal(lines.filter(line => line.startsWith('- ')).length, 30)
    assert.ok(lines.includes('and 16 more alerts'))
  })
})

describe('a name with control characters', () => {
  const name = 'a\nresolved b\u001b[31m\u202egnp\u009b1m'
  const shown = 'a\\nresolved b\\u001b[31m\\u202egnp\\u009b1m'
  const of = message({ alerts: [alert(name, { rule: name, summary: name })], group: name })

  it('given a mail, then it begins no line, and reverses nothing', () => {
    const lines = plainText(of).split('\n')
    assert.deepEqual(lines, [
      `[FIRING: 1] ${shown} (critical) prod`,
      '',
      `- critical ${shown}, ${shown}: ${shown}, temperature is 52 °C (since 2026-03-01T11:59:00.000Z)`,
      '',
      `Notification n1, group ${shown}, reason new`,
    ])
  })

  it('given Slack, then its texts have none, but for the line of each alert', () => {
    const { text, ...body } = slackBody(of) as { text: string }
    assert.equal(text.split('\n').length, 2)
    const shown = JSON.stringify([text.split('\n'), body])
    assert.doesNotMatch(shown.replaceAll('\\\\', ''), /\\[nu]|[\u202e\u009b]/)
  })

  it('given a program, then it gets the name as it is', () => {
    assert.ok(JSON.stringify(sluiceBody(of)).includes(JSON.stringify(name)))
  })
})

describe('a digest', () => {
  it('given any format for people, then its title says it all', () => {
    assert.equal(
      plainText(digest(7)),
      '[DIGEST] 7 alerts were older than 1 h prod\n\n\nNotification n1, group site=oslo, reason new',
    )
    assert.equal((slackBody(digest(7)) as { blocks: object[] }).blocks.length, 2)
  })
})

describe('the format sluice', () => {
  // Promise docs/notifications.md#format-sluice | The format has type, time and data of the event.
  it('given a notification, then type, time and data are those of the event', () => {
    const { notification } = message()
    assert.deepEqual(sluiceBody(message()), {
      type: 'io.sluice.notification.v1',
      timestamp: '2026-03-01T12:00:00.000Z',
      data: { ...notification, env: 'prod' },
    })
  })
})

describe('the format slack', () => {
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  const listBlocks = (of: NotificationMessage): any[] => (slackBody(of) as any).blocks

  it('given an alert, then there are a header, the alert and where it comes from', () => {
    const plain = (text: string) => ({ type: 'plain_text', text, emoji: false })
    assert.deepEqual(slackBody(message()), {
      text: '[FIRING: 1] HIGH_TEMP (critical) prod\n🔴 critical HIGH_TEMP, a-n1: Extreme heat at a-n1: 52 °C, above 40 °C (since 2026-03-01T11:59:00.000Z)',
      mrkdwn: false,
      unfurl_links: false,
      unfurl_media: false,
      blocks: [
        { type: 'header', text: plain('[FIRING: 1] HIGH_TEMP (critical) prod') },
        {
          type: 'section',
          text: plain(
            '🔴 critical HIGH_TEMP, a-n1: Extreme heat at a-n1: 52 °C, above 40 °C (since 2026-03-01T11:59:00.000Z)',
          ),
        },
        { type: 'context', elements: [plain('site=oslo · new · n1')] },
      ],
    })
  })

  it('given a resolved alert, then its mark differs', () => {
    assert.match(listBlocks(message({ alerts: [RESOLVED] }))[1].text.text, /^✅ resolved /)
  })

  // Promise docs/notifications.md#format-slack | No limit of Slack is passed, whatever the alerts.
  it('given more alerts than blocks, and texts of any length, then no limit of Slack is passed', () => {
    const long = '&<😀>'.repeat(2_000)
    const alerts = Array.from({ length: 120 }, (_, index) =>
      alert(`s-${index}`, { summary: long, rule: long }),
    )
    const blocks = listBlocks(message({ alerts, group: long }))
    assert.equal(blocks.length, SLACK_LIMITS.blocks)
    for (const { type, text, elements } of blocks) {
      const shown = text?.text ?? elements[0].text
      assert.ok(shown.length <= (type === 'header' ? SLACK_LIMITS.header : SLACK_LIMITS.text), type)
      assert.ok(shown.isWellFormed(), 'no half of a character')
    }
    assert.equal(blocks.at(-2).text.text, 'and 73 more alerts')
  })

  const NAMES = [
    ...['_boiler_7_', '*press*', '~old~', '`x`', ':fire:', '@here', '<!channel>', '#general', '&lt;'],
    ...['https://example.com/x', '<https://example.com|boiler>', 'a & b <c>', 'Ofen-Süd 🔥'],
  ]
  for (const name of NAMES)
    it(`given the name ${name}, then it is plain text, letter for letter, wherever it stands`, () => {
      const of = message({ alerts: [alert(name, { rule: name })], group: name })
      for (const { text, elements } of listBlocks(of)) {
        const { type, emoji, text: shown } = text ?? elements[0]
        assert.deepEqual([type, emoji], ['plain_text', false])
        assert.ok(shown.includes(name), shown)
      }
    })

  const getText = (of: NotificationMessage) => (slackBody(of) as { text: string }).text

  it('given a name that notifies a channel, then the text of a push notification only shows it', () => {
    const text = getText(message({ alerts: [alert('@all', { rule: '<!channel> &lt;' })] }))
    assert.match(text, /&lt;!channel&gt; &amp;lt;/)
    assert.doesNotMatch(text, /@all/)
  })

  // Promise docs/notifications.md#what-a-webhook-gets
  it('given a chat that ignores blocks, then its text has entity, value and link of each alert', () => {
    const runbook = { team: 'ops', runbook: 'https://wiki.example/heat' }
    const bare = alert('roof', { summary: 'too hot', labels: runbook })
    const [title, more, fired, resolved] = getText(message({ alerts: [bare, RESOLVED], omitted: 2 })).split(
      '\n',
    )
    assert.match(title ?? '', /^\[FIRING: 1\+\] HIGH_TEMP/)
    assert.match(
      fired ?? '',
      /roof: too hot, temperature is 52 °C \(since .*\) https:\/\/wiki\.example\/heat$/,
    )
    assert.match(resolved ?? '', /^✅ resolved HIGH_TEMP, b: .*temperature is 38\.25 °C\)$/)
    assert.equal(more, 'and 2 more alerts')
    assert.equal(getText(digest(7)), '[DIGEST] 7 alerts were older than 1 h prod')
  })

  it('given more than its text may have, then it is cut, and says how many alerts Slack does not list', () => {
    const alerts = Array.from({ length: 60 }, (_, index) => alert(`s-${index}`, { summary: '&'.repeat(99) }))
    const text = getText(message({ alerts }))
    assert.equal(text.length, SLACK_LIMITS.fallback)
    assert.match(text, /^[^\n]*\nand 13 more alerts\n🔴 critical HIGH_TEMP, s-0: .*…$/su)
  })
})
