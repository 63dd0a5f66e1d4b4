import { signals, topicName } from '../../lib/app/topics.ts'
import { fromKind } from '../../lib/operations/log-position.ts'
import { topicOf } from '../../lib/operations/state-keys.ts'
import {
  command,
  environment,
  flag,
  NATURAL,
  negation,
  option,
  optionalArguments,
  optionList,
  POSITIVE,
  SOME_TEXT,
  short,
} from '../command.ts'
import { configOf } from '../connections.ts'
import { usageFailure } from '../failure.ts'
import { MAPPING, readerWith } from '../mapping-option.ts'
import { FILTER } from './filter.ts'
import { tailTopics } from './tail.ts'

export default command({
  about: `Show topics, one record per line, with the time of the record, the time of the event, the position, and the content.

TOPIC is a signal (${signals().join(', ')}) or the whole name of any topic; without one, all signals are shown. What is there already
comes in the order of time, then what is written from now on, until Ctrl-C. Records that carry no event are shown as text, with the
reason. Reading leaves no trace: no consumer group keeps an offset.`,
  more: `
--filter compares a property with a value: type, subject, source, id or any other attribute of the event, data.PATH
(such as data.temperature or data.location.site), topic, partition, offset, key, recordTime, or failure. Operators are
= and != for text, > >= < <= for numbers and times, ~ and !~ for regular expressions.

Output of --json: each line is one document with topic, partition, offset, recordTime, eventTime, key, headers, event
(in CloudEvents' JSON format), failure, and the value of a record without an event.

Examples:
  sluice tail alerts events
  sluice tail readings --from 10m --filter subject=roof-1 --filter 'data.temperature>30'
  sluice tail dlq --from start --no-follow --json`,
  args: {
    topic: optionalArguments('signals, or full names of topics', SOME_TEXT),
  },
  options: {
    from: option(
      '<position>',
      'start, end, an RFC 3339 time, a duration before now, or an offset (default: end; with --no-follow: start)',
      fromKind(Date.now()),
    ),
    filter: optionList('<condition>', 'show only matching records; can be repeated', FILTER),
    partition: option('<n>', 'only this partition', NATURAL),
    mapping: MAPPING,
    ticks: flag('also show ticks, rule sets and plans of tables'),
    count: short('n', option('<n>', 'end after this many records', POSITIVE)),
    follow: negation('end after the existing records'),
    json: flag('print one JSON document per line'),
    env: environment('to look at'),
  },
  async run({ topic: wanted, ...options }, terminal) {
    const { partition, follow, filter: filters, ticks, count, json, env } = options
    const from = options.from ?? (follow ? 'end' : 'start')
    if (from === 'end' && !follow)
      throw usageFailure(
        '--no-follow and --from end cannot be used together: one shows existing records, the other skips them.',
      )
    const config = configOf(terminal, env)
    const topics =
      wanted.length > 0
        ? [...new Set(wanted.map(topic => topicOf({ topic }, config.env)))]
        : signals().map(signal => topicName(signal, config.env))
    if (typeof from === 'object' && 'offset' in from && (topics.length > 1 || partition === undefined))
      throw usageFailure(
        '--from with an offset needs one topic and --partition: offsets are counted per partition.',
      )
    const reader = await readerWith(config, options.mapping, terminal)
    const plan = { topics, partition, from, filters, follow, json, withTicks: ticks, reader }
    return tailTopics({ ...plan, count: count ?? Number.POSITIVE_INFINITY }, config, terminal)
  },
})
