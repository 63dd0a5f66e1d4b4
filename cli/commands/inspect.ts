import type { Command } from 'commander'
import { someText } from '../arguments.ts'
import { more } from '../help.ts'
import { inspect } from '../inspect/inspect.ts'
import type { Terminal } from '../terminal.ts'

interface InspectOptions {
  readonly schema?: true
  readonly json?: true
}

const ABOUT = `Show what a captured Lambda event holds: for each record the CloudEvent, or the code with which it is refused and the rule that it breaks.

FILE is the event as Lambda passes it to a function, of MSK or of a self-managed Kafka; "-" is standard input. Records are judged as
consumers judge them, by the Kafka protocol binding of CloudEvents, whatever the type of the event; --schema judges the data by the schema
of its type, too, and shows it as it is in JSON. No server is needed, except the schema registry where one is configured and --schema is given.`

const MORE = `
With --json, each line is one record: topic, partition, offset, accepted, and event (in CloudEvents' JSON format) or code and reason.
The exit status is 0 if the file could be read, also where records are refused.

Examples:
  sluice inspect event.json
  sluice inspect events/batches/poison.json --schema
  sluice inspect - --json`

export function addInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .summary('show the events in a captured Lambda event')
    .description(ABOUT)
    .argument('<file>', 'the captured event, or "-"', someText)
    .option('--schema', 'judge the data by the schema of its event type, too')
    .option('--json', 'print one JSON document a record')
    .addHelpText('after', more(MORE))
    .action(
      (file: string, { schema = false, json = false }: Partial<Record<keyof InspectOptions, boolean>>) =>
        inspect({ file, schema, json }, terminal),
    )
}
