import { argument, command, flag, SOME_TEXT } from '../command.ts'
import { MAPPING } from '../mapping-option.ts'
import { inspect } from './inspect.ts'

export default command({
  about: `Show the contents of a captured Lambda event: for each record the CloudEvent, or the failure code and the violated
rule.

FILE is the event that Lambda passes to a function for MSK or self-managed Kafka; "-" is standard input. Records are
checked in the same way as by consumers, by the Kafka protocol binding of CloudEvents, whatever the type of the event,
and by the mappings of their topic. --schema also validates the data with the schema of its type, and shows it as
JSON. No server is needed, except the schema registry if one is configured and --schema is given.`,
  more: `
Output of --json: each line is one record with topic, partition, offset, accepted, and event (in CloudEvents' JSON
format) or code and reason. The exit status is 0 if the file could be read, even if records are rejected.

Examples:
  sluice inspect event.json
  sluice inspect events/batches/poison.json --schema
  sluice inspect - --json`,
  args: {
    file: argument('file with the captured event, or "-" for standard input', SOME_TEXT),
  },
  options: {
    schema: flag('also validate the data with the schema of its event type'),
    mapping: MAPPING,
    json: flag('print one JSON document per record'),
  },
  run: inspect,
})
