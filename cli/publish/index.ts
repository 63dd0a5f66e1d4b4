import { topicFor } from '../../lib/operations/state-keys.ts'
import {
  argument,
  command,
  environment,
  flag,
  JSON_OPTION,
  option,
  requiredOption,
  SOME_TEXT,
} from '../command.ts'
import { configOf } from '../connections.ts'
import { usageFailure } from '../failure.ts'
import { KEY_BY } from '../key-by.ts'
import { SERIALIZATION_OPTION } from '../serialization.ts'
import { TRACEPARENT } from '../traceparent.ts'
import { publish } from './publish.ts'

export default command({
  about: `Publish single CloudEvents of your own, and print the place of each: topic, partition and offset.

FILE holds events in the JSON format of CloudEvents: one object, an object a line, or an array; "-" is standard input. Events of any type are
taken; where Sluice has a schema for the type, the data must fit it. If one event is wrong, its line is named, and nothing is published.`,
  more: `
The record key is what the event's partitionkey says, else what producers of such events use: of a reading the key of its family, of an alert its
fingerprint, of other events their entity. So an entity stays in its partition. An event without traceparent begins a trace.

Ids are never invented, because consumers drop an event with a known id and source: --new-id creates missing ones.

Examples:
  sluice publish --topic readings reading.json
  sluice publish --topic events - --new-id --traceparent 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
  sluice publish --topic orders orders.jsonl --key customer-7 --dry-run`,
  args: {
    file: argument('the events, or "-"', SOME_TEXT),
  },
  options: {
    topic: requiredOption('<topic>', 'a signal, or the whole name of a topic', SOME_TEXT),
    key: option('<key>', 'the record key of all events, instead of that of their entities', SOME_TEXT),
    keyBy: option(
      '<strategy>',
      'key each event by instance, type, tenant, random, or a field such as location.site',
      KEY_BY,
    ),
    traceparent: option('<value>', 'the trace that all events belong to', TRACEPARENT),
    newId: flag('give a new id to events that have none'),
    serialization: SERIALIZATION_OPTION,
    dryRun: flag('check the events, and show where they would go'),
    json: JSON_OPTION,
    env: environment('of a signal'),
  },
  async run({ file, ...options }, terminal) {
    const config = configOf(terminal, options.env)
    if (options.key !== undefined && options.keyBy !== undefined)
      throw usageFailure('--key gives one key to all events, and --key-by one to each: give one of them.')
    const { key, keyBy, traceparent, newId, dryRun, json, serialization } = options
    const topicOf = (source: string) => topicFor(options, source, config.env)
    const plan = { topicOf, file, key, keyBy, traceparent, newId, dryRun, json, serialization }
    await publish(plan, config, terminal)
  },
})
