import type { Command } from 'commander'
import { SPEED } from '../../lib/operations/replay/pace.ts'
import { SHIFT_TARGET, type ShiftTarget } from '../../lib/operations/replay/shift.ts'
import type { KeyStrategy } from '../../lib/telemetry/key.ts'
import type { ContentMode } from '../../packages/runtime/cloudevents/writer.ts'
import type { Serialization } from '../../packages/runtime/consumer/serialization.ts'
import { either, mapped, oneOf, wholeNumber } from '../../packages/runtime/settings/values.ts'
import {
  choice,
  duration,
  environmentOption,
  JSON_OPTION,
  listParserOf,
  naturalNumber,
  parserOf,
  positiveInteger,
  SOME_TEXT,
  someText,
} from '../arguments.ts'
import { usageFailure } from '../failure.ts'
import { more } from '../help.ts'
import { KEY_BY, KEY_BY_FLAG } from '../key-by.ts'
import { replay } from '../replay/replay.ts'
import { SERIALIZATION_OPTION } from '../serialization.ts'
import { CONDITION } from '../tail/filter.ts'
import type { Terminal } from '../terminal.ts'

interface ReplayOptions {
  readonly speed: number
  readonly shift?: ShiftTarget
  readonly env?: string
  readonly topic?: string
  readonly filter: readonly string[]
  readonly limit?: number
  readonly for?: number
  readonly skip: number
  readonly loop: number
  readonly fromLine: number
  readonly mode?: ContentMode
  readonly keyBy?: KeyStrategy
  readonly serialization?: Serialization
  readonly keepPartitions?: true
  readonly carryLogTime?: true
  readonly skipInvalid?: true
  readonly resume?: string
  readonly json?: true
}

const ABOUT = `Publish recordings to Kafka.

FILE is what \`sluice record\` wrote, whose records go byte for byte to the topics of the same signals; a stream of CloudEvents
(JSON, one a line), which goes to the readings topic; or a captured Lambda batch (JSON with "records"). Each can be gzip. Several
are merged by time. "-" is standard input. Files are read to their ends before anything is published. No consumer group is touched.`

const MORE = `
Replayed once more, the same events are duplicates to every consumer that has seen them within its memory of ids.
--shift makes new events of them, with ids that follow from the old ones and the shift. "now" brings them as near to
the present as consumers accept: at recorded pace the first event is now, at --speed max the latest one is.
--loop does the same for each round after the first: it begins where the round before it ended, with ids of its own. --limit and --for
count all rounds; --for is recorded time.

--carry-log-time gives each record the time at which it was appended (header sluice-logtime), moved as the events are, for consumers
with LOG_TIME=carried: to them it is the same log again. Without --keep-partitions, a key goes to its partition of the topic.

--serialization is for streams, whose data is JSON. Records of a log or a captured batch keep the bytes that they have.

What Kafka has acknowledged is counted at the end. If not all of it is, the exit status is 1, and it is said how to go on: with the line
(--from-line), with how many to pass over (--skip), or, with --resume, by the same command: its file says how far the replay has come.

Examples:
  sluice replay events/streams/heatwave.jsonl --speed 600 --shift now
  sluice replay readings.jsonl.gz --topic orders.copy --keep-partitions --speed max
  sluice replay north.jsonl south.jsonl --loop forever --shift now --resume place.json`

/** What `--loop` can be. */
const LOOP = either(
  mapped(oneOf(['forever']), () => Number.POSITIVE_INFINITY),
  wholeNumber({ least: 1 }),
)

export function addReplay(program: Command, terminal: Terminal): void {
  program
    .command('replay')
    .summary('publish recordings, recorded streams or captured batches')
    .description(ABOUT)
    .argument('<file...>', 'the recordings, or "-"', listParserOf(SOME_TEXT))
    .option('--speed <n>', 'a multiple of the recorded pace, or "max"', parserOf(SPEED), 1)
    .option(
      '--shift <time>',
      'move the first event to "now" or an RFC 3339 time, the others with it',
      parserOf(SHIFT_TARGET),
    )
    .option('--loop <n>', 'publish all of it so often, or "forever"', parserOf(LOOP), 1)
    .option(...environmentOption('to publish to'))
    .option('--topic <topic>', 'publish to this one: a signal, or the whole name of a topic', someText)
    .option(
      '--filter <condition>',
      'only what fits, as in `sluice tail`; again for more',
      listParserOf(CONDITION),
      [],
    )
    .option('--from-line <n>', 'begin with this line of a file, or record of a batch', positiveInteger, 1)
    .option(
      '--skip <n>',
      'pass over so many of what would be published; --limit counts them',
      naturalNumber,
      0,
    )
    .option('--limit <n>', 'maximum number of events to publish', positiveInteger)
    .option('--for <duration>', 'end after so much recorded time, such as 90m', duration)
    .addOption(
      choice('--mode <mode>', 'how a stream is written (default: CONTENT_MODE, else binary)', [
        'binary',
        'structured',
      ]),
    )
    .option(
      KEY_BY_FLAG,
      'key the events of a stream by instance, type, tenant, random, or a field such as location.site',
      parserOf(KEY_BY),
    )
    .option(...SERIALIZATION_OPTION)
    .option('--keep-partitions', 'put records where they came from, whatever their keys say')
    .option('--carry-log-time', 'let each record carry the time at which it was appended')
    .option('--skip-invalid', 'leave out lines that cannot be read, and count them')
    .option('--resume <file>', 'keep the place in this file, and go on from it if it is there', someText)
    .option(...JSON_OPTION)
    .addHelpText('after', more(MORE))
    .action((files: string[], options: ReplayOptions) => replayAs(files, options, terminal))
}

function replayAs(files: readonly string[], options: ReplayOptions, terminal: Terminal): Promise<void> {
  if (files.length > 1 && files.includes('-'))
    throw usageFailure('"-" is for one recording: several are merged from files.')
  const { filter: filters, limit, for: forMs, keepPartitions, carryLogTime, skipInvalid, ...others } = options
  return replay(
    {
      ...others,
      files,
      filters,
      limit: limit ?? Number.POSITIVE_INFINITY,
      forMs: forMs ?? Number.POSITIVE_INFINITY,
      keepPartitions: keepPartitions ?? false,
      carryLogTime: carryLogTime ?? false,
      skipInvalid: skipInvalid ?? false,
    },
    terminal,
  )
}
