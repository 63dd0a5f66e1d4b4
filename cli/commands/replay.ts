import type { Command } from 'commander'
import type { ContentMode } from '../../lib/runtime/cloudevents/writer.ts'
import { choice, environmentOption, JSON_OPTION, parserOf, positiveInteger } from '../arguments.ts'
import { more } from '../help.ts'
import { SPEED } from '../replay/pace.ts'
import { replay } from '../replay/replay.ts'
import { SHIFT_TARGET, type ShiftTarget } from '../replay/shift.ts'
import type { Terminal } from '../terminal.ts'

interface ReplayOptions {
  readonly speed: number
  readonly shift?: ShiftTarget
  readonly env?: string
  readonly limit?: number
  readonly fromLine: number
  readonly mode?: ContentMode
  readonly keepPartitions?: true
  readonly json?: true
}

const ABOUT = `Publish a recording to Kafka.

FILE is a stream of CloudEvents (JSON, one a line), which goes to the readings topic; or a captured
Lambda batch (JSON with "records"), whose records go byte for byte to the topics of the same signal.
"-" is standard input. A file is read to its end before anything is published.`

const MORE = `
Replayed once more, the same events are duplicates to every consumer that has seen them within its memory of ids.
--shift makes new events of them, with ids that follow from the old ones and the shift. "now" brings them as near to
the present as consumers accept: at recorded pace the first event is now, at --speed max the latest one is.

What Kafka has acknowledged is counted at the end. If not all of it is, the exit status is 1, and the line from which
to go on is named.

Example:
  sluice replay events/streams/heatwave.jsonl --speed 600 --shift now`

export function addReplay(program: Command, terminal: Terminal): void {
  program
    .command('replay')
    .summary('publish a recorded stream or a captured batch')
    .description(ABOUT)
    .argument('<file>', 'the recording, or "-"')
    .option('--speed <n>', 'a multiple of the recorded pace, or "max"', parserOf(SPEED), 1)
    .option(
      '--shift <time>',
      'move the first event to "now" or an RFC 3339 time, the others with it',
      parserOf(SHIFT_TARGET),
    )
    .option(...environmentOption('to publish to'))
    .option('--from-line <n>', 'begin with this line of a stream, or record of a batch', positiveInteger, 1)
    .option('--limit <n>', 'maximum number of events to publish', positiveInteger)
    .addOption(
      choice('--mode <mode>', 'how a stream is written (default: CONTENT_MODE, else binary)', [
        'binary',
        'structured',
      ]),
    )
    .option('--keep-partitions', 'put the records of a batch where they came from, whatever their keys say')
    .option(...JSON_OPTION)
    .addHelpText('after', more(MORE))
    .action((file: string, { fromLine, limit, keepPartitions, ...options }: ReplayOptions) =>
      replay(
        {
          ...options,
          file,
          selection: { fromLine, limit: limit ?? Number.POSITIVE_INFINITY },
          keepPartitions: keepPartitions ?? false,
        },
        terminal,
      ),
    )
}
