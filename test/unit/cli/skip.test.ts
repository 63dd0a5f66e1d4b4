import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findStuck, type StuckRecord } from '../../../cli/skip/find.ts'
import type { Attempt } from '../../../cli/skip/progress.ts'
import { foundText, skipText } from '../../../cli/skip/text.ts'
import { ran } from './terminal.ts'

describe('what is wrong with a command line of sluice skip', () => {
  for (const [given, args, expected] of [
    ['no terminal for a question', ['alerting'], /no terminal to confirm on/],
    ['nothing to take back', ['alerting', '--undo'], /--undo needs records as PARTITION@OFFSET/],
    [
      'a place of another form',
      ['alerting', '3-1042', '--yes'],
      /"3-1042" is invalid\. It must be a place, PARTITION@OFFSET/,
    ],
    ['an unknown consumer', ['nobody', '--yes'], /Consumers are processor, alerting, /],
    ['a function that reads no topic', ['clock', '--yes'], /"clock"\. Consumers are /],
    [
      'a record without its topic',
      ['views', '3@1042', '--yes'],
      /views reads sluice\.telemetry\.readings\..*view-rows.*: select one of them with --topic/,
    ],
    [
      'a topic that it does not read',
      ['alerting', '--topic', 'dlq', '--yes'],
      /alerting reads sluice\.telemetry\.readings\./,
    ],
  ] as const)
    test(`given ${given}, then it says so before it connects`, async () => {
      const { status, stderr } = await ran(['skip', ...args])
      assert.equal(status, 2, stderr)
      assert.match(stderr, expected)
    })
})

describe('the search for records that stop a function', () => {
  const backlogs = [0, 1, 2].map(partition => ({
    consumer: 'c',
    topic: 't',
    partition,
    fromOffset: 0,
    toOffset: 9,
  }))

  /** A function that stops at these records, and at some of them, by their timers, even if they are set aside. */
  function search(stops: readonly string[], byTimers: readonly string[] = []) {
    return findStuck(
      'c',
      backlogs,
      async ({ backlogs: rest, aside }: Attempt): Promise<StuckRecord | undefined> => {
        const isAside = (at: string) => aside.some(({ partition, offset }) => `${partition}@${offset}` === at)
        const at = stops.find(
          one =>
            rest.some(({ partition }) => one.startsWith(`${partition}@`)) &&
            (!isAside(one) || byTimers.includes(one)),
        )
        const [partition, offset] = (at ?? '').split('@').map(Number) as [number, number]
        return at === undefined ? undefined : { partition, offset, digest: at, why: 'hangs' }
      },
    )
  }
  const told = async (...given: Parameters<typeof search>) =>
    (await search(...given)).map(({ digest, helps }) => `${digest}${helps ? '' : ' without effect'}`)

  test('given several records in several partitions, then all are found in one go', async () => {
    assert.deepEqual(await told(['0@4', '0@7', '2@1']), ['0@4', '0@7', '2@1'])
    assert.deepEqual(await told([]), [])
  })

  test('given a timer that hangs before a record, then that is said, and the others are found', async () => {
    assert.deepEqual(await told(['0@4', '0@7', '2@1'], ['0@4']), ['0@4 without effect', '2@1'])
  })

  test('given records, then the continuation is explained', async () => {
    const [first, other] = (await search(['0@4', '2@1'], ['2@1'])) as [never, never]
    assert.equal(
      foundText('c', 't', [first, other], [{ partition: 0, offset: 3 }]),
      'Already skipped: 0@3\nc on t:\n  0@4  hangs\n  2@1  hangs, even if it is skipped: the cause is a timer or a parked event before it, or its decoding\n',
    )
    assert.match(foundText('c', 't', [], []), /all of the next records can be processed/)
    const report = {
      env: 'local',
      consumer: 'c',
      dryRun: false,
      topics: [
        { topic: 't', found: [first], before: [], skipped: [first] },
        { topic: 'u', found: [], before: [], skipped: [] },
      ],
    }
    assert.match(
      skipText(report),
      /Skipped: 0@4 of t\. .*\n.*sluice dlq redrive --consumer c --code skipped\n$/,
    )
    assert.equal(skipText({ ...report, topics: [] }), '')
  })
})
