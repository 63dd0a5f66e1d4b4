import { resolveTopic } from '../../control/operations/state-keys.ts'
import { flagField, inTerminal, numberField, optionField } from '../../control/questions/field.ts'
import { SIGNALS } from '../../lib/app/naming/topic-table.ts'
import { command, environment, FLAT_OPTION, POSITIVE } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { resolveConfig } from '../servers/settings.ts'
import { createFromKind, printRecords } from './print-records.ts'

export default command({
  about: `Consume a topic: one line per record, with its time, partition and offset, the type and subject of its event, and the
data. A record that is not an event is shown as text, with the reason. Existing records come in the order of time,
then new ones, until Ctrl-C. No consumer group is joined, and no offsets are committed.

The alerts that a record caused follow below it, or later with its position: readings, records of inputs, events and
rows of tables. An alert that fired when a duration ended is that of the reading at which the duration began.

With --json, each record is one document with its exact bytes. A file of them is a recording for \`sluice replay\`.`,
  more: `
Topics are ${SIGNALS.join(', ')}, or the whole name of any topic.

Ticks, rule sets and plans of tables, which are for functions only, are left out of the lines, but not of --json.

A document of --json has topic, partition, offset, timestamp (milliseconds), key, headers and value, whose bytes are
{"text":…} or {"base64":…}, or null; and event, in CloudEvents' JSON format, or failure.

A document of --flat has the data of the event with names such as alert_id, original_topic, error_type and attempt, and its attributes as
event_id and so on. The failed record in a dead letter is text, not base64.

Examples:
  sluice consume
  sluice consume --topic alerts --from 10m --filter roof-1
  sluice consume --topic dlq --from start --flat
  sluice consume --topic readings --from 2h --no-follow --json > readings.jsonl`,
  fields: {
    topic: optionField('<topic>', 'signal, or full name of a topic (default: readings)'),
    from: optionField(
      '<position>',
      'start, end, an RFC 3339 time, a duration before now, or an offset (default: end; with --no-follow: start)',
      createFromKind(Date.now()),
    ),
    partition: numberField('only this partition'),
    filter: optionField('<text>', 'only records with these words in their key, headers or value'),
    count: inTerminal(numberField('end after this many records', POSITIVE), { short: 'n' }),
    follow: inTerminal(flagField('end after the existing records'), { isNegated: true }),
    json: flagField('print one JSON document per record'),
    flat: FLAT_OPTION,
    env: environment('to look at'),
  },
  conflicts: [
    ['follow', 'from=end'],
    ['json', 'flat'],
  ],
  async run(options, terminal) {
    const { topic = 'readings', partition, follow, from = follow ? 'end' : 'start' } = options
    if (typeof from === 'object' && 'offset' in from && partition === undefined)
      throw usageFailure('--from with an offset needs --partition: offsets are counted per partition.')
    const config = resolveConfig(terminal, options.env)
    await printRecords({ ...options, topic: resolveTopic({ topic }, config), from }, config, terminal)
  },
})
