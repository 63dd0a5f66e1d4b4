import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { callersFolder } from '../../../cli/terminal.ts'
import { ran } from './terminal.ts'

const TIMED = '{"specversion":"1.0","id":"1","source":"/a","type":"t","time":"2026-01-01T00:00:00Z"}\n'
const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'a.csv'), 'timestamp,value\n2026-01-01 00:00:00,1\n')
writeFileSync(join(folder, 'stream.jsonl'), '{"specversion":"1.0","id":"1","source":"/a","type":"t"}\n')
writeFileSync(join(folder, 'timed.jsonl'), TIMED)
writeFileSync(join(folder, 'broken.jsonl'), `${TIMED}oops\n${TIMED}`)
writeFileSync(join(folder, 'neither.json'), '{\n  "a": 1\n}\n')

describe('wrong usage: exit status 2, and one message that says what is wrong', () => {
  const wrong: [args: string[], said: RegExp][] = [
    [[], /Usage: sluice/],
    [['import', 'a.csv', '--metric', 'speed'], /--metric speed: .*temperature, humidity/],
    [['import', 'a.csv', '--unit', 'hPa'], /--unit hPa: temperature can be converted from .*kelvin/],
    [['import', 'a.csv', '--model', 'x'], /--model does not apply to readings of environment/],
    [['import', 'a.csv', '--output', './a.csv'], /--output is one of the imported files/],
    [['import', 'a.csv', '--json'], /--json prints to standard output, which receives the stream/],
    [['replay', 'stream.jsonl', '-'], /"-" is for one recording/],
    [
      ['replay', 'stream.jsonl', 'stream.jsonl', '--from-line', '2'],
      /--from-line can be used only with a single file: use --skip/,
    ],
    [['replay', '-', '--loop', '2'], /--loop needs files: a pipe cannot be read twice/],
    [['replay', 'timed.jsonl', '--loop', 'forever', '--shift', 'now', '--speed', '2'], /an infinite loop/],
    [['replay', 'stream.jsonl', '--speed', '0'], /'--speed .*must be max, or a number above 0/],
    [['replay', 'stream.jsonl', '--keep-partitions'], /a stream has no partitions/],
    [['state', 'drop', 'processor'], /one partition with --partition, or .*--all-partitions/],
    [['state', 'drop', 'processor', '--all-partitions'], /processor is a function of this project/],
    [['state', 'erase', '/environment/vienna', 'roof-1', '--yes'], /too many arguments/],
    [['state', 'erase', 'roof-1'], /no terminal .* --yes, or --dry-run/],
    [['dlq', 'redrive'], /No dead letters are selected\. Specify them, or limit them/],
    [['dlq', 'show', '-rN7TRkTD7P5mS6dYCt4eQ'], /unknown option .*: write -- before an id/],
    [['dlq', 'redrive', '0@1', '--code', 'rejected'], /not both/],
    [['dlq', 'redrive', '--code', 'rejected', '--again'], /--again needs specified dead letters/],
    [['dlq', 'redrive', '0@1', '--resume', '2026-11-21T12:07:00.123Z-3f9a2c'], /add --yes/],
    [['dlq', 'redrive', '0@1', '--patch', '{"a":'], /--patch: it is not JSON/],
    [['dlq', 'redrive', '--code', 'rejected', '--patch', '{"specversion":"1.0"}'], /specify one dead letter/],
    [['dlq', 'list', '--since', '1h', '--until', '2h'], /is not before --until/],
    [['dlq', 'export', '--to', '-', '--json'], /specify a file with --to/],
    [['dlq', 'show', '0@1', '--raw', '--json'], /cannot be used together/],
    [['alerts'], /Usage: sluice alerts/],
    [['alerts', 'list', '--label', 'team'], /'--label .*must be a label and its value, such as team=ops/],
    [['alerts', 'list', '--since', '1h', '--until', '2h'], /--until must be later than --since/],
    [
      ['alerts', 'list', '--pending', '--state', 'resolved'],
      /--pending and --state resolved cannot be used together/,
    ],
    [['tail', '--from', 'end', '--no-follow'], /--no-follow and --from end cannot be used together/],
    [['tail', 'readings', 'dlq', '--from', '3'], /an offset needs one topic and --partition/],
    [['consume', '--topic', 't', '--commit', 'manual'], /--commit needs --group/],
    [['consume', '--topic', 't', '--batch', '--quiet'], /--batch and --quiet cannot be used together/],
    [['consume', '--topic', 't', '--from', '7'], /each partition counts its own offsets/],
    [['consume', '--topic', 't', '--group', 'g', '--from', '1h'], /a group starts at its committed offsets/],
    [
      ['publish', '--topic', 'events', '-', '--traceparent', '00-0-0-01'],
      /'--traceparent .*a traceparent of W3C Trace Context/,
    ],
    [
      ['publish', '--topic', 'e', '-', '--traceparent', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
      /'--traceparent .*W3C Trace Context/,
    ],
    [
      ['record', '--topic', 'readings', '--out', 'x', '--from', '7'],
      /--from with an offset needs --partition/,
    ],
    [['record', '--topic', 'readings', '--out', 'x', '--resume', '--from', '1h'], /omit --from, --to/],
    [['topics', 'create', 'orders', '--config', 'retention.ms'], /'--config .*a setting and its value/],
    [
      ['topics', 'create', 'orders', '--retention-ms', '0'],
      /'--retention-ms .*milliseconds from 1 on, or -1/,
    ],
  ]
  test('given several wrong values, then each is named, and all are ignored', async () => {
    const args = ['replay', 'stream.jsonl', '--speed', '0', '--limit', 'x', '--mode', 'batched']
    const { status, stderr, stdout } = await ran(['--stack', 'A', ...args], { folder })
    assert.equal(status, 2)
    assert.equal(
      stderr,
      [
        `error: option '--stack <name>': "A" is invalid. It must be 1 to 20 lower-case letters, digits and "-".`,
        `error: option '--speed <n>': "0" is invalid. It must be max, or a number above 0.`,
        `error: option '--limit <n>': "x" is invalid. It must be a whole number from 1 on.`,
        `error: option '--mode <mode>': "batched" is invalid. It must be one of binary, structured.`,
        'Try it with --help.',
        '',
      ].join('\n'),
    )
    assert.equal(stdout, '')
  })

  test('given wrong values of an argument and of a repeated option, then each is named', async () => {
    const { stderr } = await ran([
      'tail',
      'alerts',
      '',
      '--filter',
      'a=1',
      '--filter',
      'warm',
      '--filter',
      '=',
    ])
    assert.match(stderr, /argument 'topic': "" is invalid.*\n.*'--filter .*"warm".*\n.*'--filter .*"="/)
  })

  for (const [args, said] of wrong)
    test(`sluice ${args.join(' ')}`, async () => {
      const { status, stderr, stdout } = await ran(args, { folder })
      assert.equal(status, 2, stderr)
      assert.match(stderr, said)
      assert.equal(stdout, '')
    })

  test('a variable that is wrong is named', async () => {
    const { status, stderr } = await ran(['stats'], { environment: { REDIS_URL: 'localhost' } })
    assert.equal(status, 2)
    assert.match(stderr, /REDIS_URL: must be redis:/)
  })
})

test('the result of an import is JSON on request', async () => {
  const { status, stdout } = await ran(['import', 'a.csv', '--output', 'a.jsonl', '--json'], { folder })
  assert.equal(status, 0)
  assert.deepEqual(JSON.parse(stdout), {
    family: 'environment',
    metric: 'temperature',
    unit: '°C',
    events: 1,
    skippedRows: 0,
    complete: true,
  })
})

describe('failures: exit status 1', () => {
  const failing: [args: string[], said: RegExp][] = [
    [['import', 'none.csv'], /^none\.csv: there is no such file or folder\n$/],
    [['replay', 'broken.jsonl'], /^broken\.jsonl:2: not JSON\n$/],
    [['replay', 'timed.jsonl', '--filter', 'type=other'], /there is nothing to publish/],
    [['replay', 'neither.json'], /^neither\.json: neither a stream .* nor a captured batch/],
    [['replay', 'stream.jsonl', '--shift', 'now'], /no event has a time/],
  ]
  for (const [args, said] of failing)
    test(`sluice ${args.join(' ')}`, async () => {
      const { status, stderr } = await ran(args, { folder })
      assert.equal(status, 1, stderr)
      assert.match(stderr, said)
    })

  test('no server listens: the message says where, and what to do, and no password', async () => {
    // Nothing listens on port 1.
    const replay = await ran(['replay', 'stream.jsonl'], { folder, environment: { KAFKA_PORT: '1' } })
    assert.equal(replay.status, 1)
    assert.match(
      replay.stderr,
      /^Kafka does not answer at 127\.0\.0\.1:1: start it with `npm start`, or set KAFKA_BROKERS/,
    )
    const stats = await ran(['stats'], { environment: { REDIS_URL: 'redis://me:secret@127.0.0.1:1' } })
    assert.equal(stats.status, 1)
    assert.match(
      stats.stderr,
      /^Redis does not answer at 127\.0\.0\.1:1: start it with `npm start`, or set REDIS_URL/,
    )
    assert.doesNotMatch(stats.stderr, /secret/)
  })

  test('given --skip-invalid, then each line that is left out is named', async () => {
    const { stderr } = await ran(['replay', 'broken.jsonl', '--skip-invalid', '--filter', 'id=2'], { folder })
    assert.equal(stderr, 'Left out: broken.jsonl:2: not JSON\nbroken.jsonl: there is nothing to publish\n')
  })

  test('a pipe cannot be asked for its latest event', async () => {
    const stdin = '{"specversion":"1.0","id":"1","source":"/a","type":"t","time":"2026-01-01T00:00:00Z"}\n'
    const { status, stderr } = await ran(['replay', '-', '--speed', 'max', '--shift', 'now'], { stdin })
    assert.equal(status, 2)
    assert.match(stderr, /a pipe cannot be read twice/)
  })
})

test('file names start where the user is: where npm was called, if npm runs the command', () => {
  assert.equal(callersFolder({ INIT_CWD: '/here', npm_lifecycle_event: 'sluice' }, '/project'), '/here')
  assert.equal(callersFolder({ INIT_CWD: '/here', npm_lifecycle_event: 'test' }, '/project'), '/project')
  assert.equal(callersFolder({}, '/project'), '/project')
})
