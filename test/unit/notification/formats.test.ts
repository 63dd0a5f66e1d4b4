import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SLACK_LIMITS, slackBody } from '../../../lib/notification/formats/slack.ts'
import { type Message, sluiceBody } from '../../../lib/notification/message.ts'
import { formatTitle, plainText } from '../../../lib/notification/plain-text.ts'
import { alert, message } from './messages.ts'

const digest = (omitted: number) => message({ alerts: [], omitted }, { isDigest: true })
const RESOLVED = alert('b', { endedAt: '2026-03-01T11:59:30.000Z' })

describe('the title of a message', () => {
  const many = ['A', 'B', 'C', 'D', 'E'].map(rule => alert(rule, { rule, severity: 'info' }))
  const titles: [given: string, of: Message, title: string][] = [
    ['an alert that fires', message(), '[FIRING: 1] HIGH_TEMP (critical) prod'],
    [
      'one more that has resolved',
      message({ alerts: [alert('a'), RESOLVED] }),
      '[FIRING: 1] HIGH_TEMP (critical) prod',
    ],
    ['many rules', message({ alerts: many }), '[FIRING: 5] A, B, C and 2 more (info) prod'],
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
      '- resolved HIGH_TEMP, b: Extreme heat at b: 52 °C, above 40 °C (2026-03-01T11:59:00.000Z to 2026-03-01T11:59:30.000Z, cleared)',
    )
    assert.match(lines[3] ?? '', /^- critical HIGH_TEMP, s-0: .* \(since 2026-03-01T11:59:00\.000Z\)$/)
    assert.equal(lines.filter(line => line.startsWith('- ')).length, 30)
    assert.ok(lines.includes('and 16 more alerts'))
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
  const blocksOf = (of: Message): any[] => (slackBody(of) as any).blocks

  it('given an alert, then there are a header, the alert and where it comes from', () => {
    assert.deepEqual(slackBody(message()), {
      text: '[FIRING: 1] HIGH_TEMP (critical) prod',
      blocks: [
        {
          type: 'header',
          text: { type: 'plain_text', text: '[FIRING: 1] HIGH_TEMP (critical) prod', emoji: false },
        },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: ':red_circle: critical HIGH_TEMP, a-n1: Extreme heat at a-n1: 52 °C, above 40 °C (since 2026-03-01T11:59:00.000Z)',
          },
        },
        { type: 'context', elements: [{ type: 'mrkdwn', text: 'site=oslo · new · n1' }] },
      ],
    })
  })

  it('given a resolved alert, then its mark differs', () => {
    assert.match(blocksOf(message({ alerts: [RESOLVED] }))[1].text.text, /^:white_check_mark: resolved /)
  })

  it('given more alerts than blocks, and texts of any length, then no limit of Slack is passed', () => {
    const long = '&<😀>'.repeat(2_000)
    const alerts = Array.from({ length: 120 }, (_, index) =>
      alert(`s-${index}`, { summary: long, rule: long }),
    )
    const blocks = blocksOf(message({ alerts, group: long }))
    assert.equal(blocks.length, SLACK_LIMITS.blocks)
    for (const { type, text, elements } of blocks) {
      const shown = text?.text ?? elements[0].text
      assert.ok(shown.length <= (type === 'header' ? SLACK_LIMITS.header : SLACK_LIMITS.section), type)
      assert.ok(shown.isWellFormed(), 'no half of a character')
      if (type !== 'header') assert.doesNotMatch(shown, /[<>]|&(?!amp;|lt;|gt;)/)
    }
    assert.equal(blocks.at(-2).text.text, 'and 73 more alerts')
  })

  it('given words that Slack acts upon, then they are only shown', () => {
    const [, section] = blocksOf(message({ alerts: [alert('<!channel>')] }))
    assert.match(section.text.text, /&lt;!channel&gt;/)
  })
})
