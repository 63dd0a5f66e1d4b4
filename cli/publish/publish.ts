import { resolveTopic } from '../../control/operations/state-keys.ts'
import { flagField, nameField, optionField, requiredField } from '../../control/questions/field.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { resolveConfig } from '../servers/settings.ts'
import { publishEvents } from './publish-events.ts'

export default command({
  about: `Publish single CloudEvents, and print the position of each: topic, partition and offset.

FILE contains events in the JSON format of CloudEvents: one object, one object per line, or an array; "-" is standard
input. Events of any type are accepted; if Sluice has a schema for the type, the data must match it. If any event is
invalid, its line is reported, and nothing is published. To an input, any JSON is published as it is.`,
  more: `
The record key is the event's partitionkey or, without one, for a reading the key of its family, and for other events
their source and subject. An entity thus stays in its partition. An event
without traceparent starts a trace. The settings say content mode and format of the data.

Missing ids are an error, because consumers drop an event with a known id and source: use --new-id to create them.

Examples:
  sluice publish --topic sensor-data examples/hot-sensor.json
  sluice publish --topic readings reading.json
  sluice publish --topic events - --new-id
  sluice publish --topic orders orders.jsonl --key customer-7 --dry-run`,
  fields: {
    file: nameField('the events or records, or "-"'),
    topic: requiredField(optionField('<topic>', 'signal, or full name of a topic')),
    key: optionField('<key>', 'record key of all events (default: the keys of their entities)'),
    newId: flagField('give a new id to events that have none'),
    dryRun: flagField('check the events, and show where they would be written'),
    json: JSON_OPTION,
    env: environment('of a signal'),
  },
  async run({ file, ...options }, terminal) {
    const config = resolveConfig(terminal, options.env)
    await publishEvents({ ...options, file, topic: resolveTopic(options, config) }, config, terminal)
  },
})
