import { type Command, Option } from 'commander'
import { mapped, text } from '../../packages/runtime/settings/values.ts'
import { duration, environmentOption, JSON_OPTION, listParserOf, someText } from '../arguments.ts'
import { more } from '../help.ts'
import { type SkipOptions, skip } from '../skip/skip.ts'
import type { Terminal } from '../terminal.ts'

const ABOUT = `Find the record that hangs or ends the function of a consumer, and set it aside as a dead letter.

A step that never returns, runs out of memory or ends the process leaves no failure behind: its batch is delivered again and again, and the
partition is stalled. This command decides the next records of each partition with the code of this project, in a program of its own, and names the
record at which that hangs or ends. It changes nothing of the state. A record that is set aside fails with the code "skipped" when the
consumer comes to it; it can be redriven once the code is mended.`

const MORE = `
The record stays set aside wherever the consumer reads it: also if its state is lost, or computed anew. --undo takes that back, so that mended
code applies it in its place with \`sluice reprocess\`. Redriving needs no --undo.

The sources must be those that are deployed. A consumer that delivers to a receiver is not tried: name its record. A timer that hangs cannot
be set aside: the search reports the record before which it fires, and says so.

Examples:
  sluice skip alerting --dry-run
  sluice skip alerting 3@1042 --yes
  sluice skip alerting 3@1042 --undo`

const WITHIN_MS = 10_000

const PLACE = mapped(text(/^\d{1,10}@\d{1,15}$/, 'a place, PARTITION@OFFSET'), at => {
  const [partition, offset] = at.split('@').map(Number) as [number, number]
  return { partition, offset }
})

export function addSkip(program: Command, terminal: Terminal): void {
  program
    .command('skip')
    .summary('find the record that hangs a consumer, and set it aside')
    .description(ABOUT)
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .argument('[at...]', 'records by PARTITION@OFFSET; without one, they are searched', listParserOf(PLACE))
    .option('--topic <topic>', 'the signal or the whole name, where the consumer reads several', someText)
    .addOption(
      new Option('--within <duration>', 'how long one record may take')
        .argParser(duration)
        .default(WITHIN_MS, '10s'),
    )
    .option('--undo', 'no longer set the records aside')
    .option('--dry-run', 'name what would be set aside, and change nothing')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .option(...environmentOption('whose servers are meant'))
    .addHelpText('after', more(MORE))
    .action((consumer: string, at: NamedRecords, options: SkipOptions) =>
      skip(consumer, at ?? [], options, terminal),
    )
}

type NamedRecords = Parameters<typeof skip>[1] | undefined
