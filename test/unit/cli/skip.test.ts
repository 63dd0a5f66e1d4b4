import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ran } from './terminal.ts'

describe('what is wrong with a command line of sluice skip', () => {
  for (const [given, args, expected] of [
    ['no terminal for a question', ['alerting', '3@1042'], /no terminal to confirm on/],
    ['no record', ['alerting', '--yes'], /missing required argument 'at'/],
    [
      'a place of another form',
      ['alerting', '3-1042', '--yes'],
      /"3-1042" is invalid\. It must be a place, PARTITION@OFFSET/,
    ],
    ['an unknown consumer', ['nobody', '3@1042', '--yes'], /Consumers are processor, alerting, /],
    ['a function that reads no topic', ['clock', '3@1042', '--yes'], /"clock"\. Consumers are /],
    [
      'a topic that it does not read',
      ['alerting', '3@1042', '--topic', 'dlq', '--yes'],
      /alerting reads sluice\.telemetry\.readings\./,
    ],
  ] as const)
    test(`given ${given}, then it says so before it connects`, async () => {
      const { status, stderr } = await ran(['skip', ...args])
      assert.equal(status, 2, stderr)
      assert.match(stderr, expected)
    })
})
