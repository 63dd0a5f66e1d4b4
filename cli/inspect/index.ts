import { argument, command, flag, SOME_TEXT } from '../command.ts'
import { MAPPING } from '../mapping-option.ts'
import { inspect } from './inspect.ts'

export default command({
  about: `Show what a captured Lambda event holds: for each record the CloudEvent, or the code with which it is refused and the rule that it breaks.

FILE is the event as Lambda passes it to a function, of MSK or of a self-managed Kafka; "-" is standard input. Records are judged as
consumers judge them, by the Kafka protocol binding of CloudEvents, whatever the type of the event, and by the mappings of their topic; --schema judges the data by the schema
of its type, too, and shows it as it is in JSON. No server is needed, except the schema registry where one is configured and --schema is given.`,
  more: `
Output of --json: each line is one record with topic, partition, offset, accepted, and event (in CloudEvents' JSON format) or code and reason.
The exit status is 0 if the file could be read, also where records are refused.

Examples:
  sluice inspect event.json
  sluice inspect events/batches/poison.json --schema
  sluice inspect - --json`,
  args: {
    file: argument('the captured event, or "-"', SOME_TEXT),
  },
  options: {
    schema: flag('judge the data by the schema of its event type, too'),
    mapping: MAPPING,
    json: flag('print one JSON document a record'),
  },
  run: inspect,
})
