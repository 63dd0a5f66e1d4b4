import type { Command } from 'commander'
import { SIGNALS, topicName } from '../../lib/app/topics.ts'
import type { Filter } from '../../lib/queries/record-filter.ts'
import {
  environmentOption,
  listParserOf,
  naturalNumber,
  parserOf,
  positiveInteger,
  SOME_TEXT,
} from '../arguments.ts'
import { configOf } from '../connections.ts'
import { usageFailure } from '../failure.ts'
import { more } from '../help.ts'
import { topicOf } from '../state/state-keys.ts'
import { FILTER } from '../tail/filter.ts'
import { type From, fromKind } from '../tail/from.ts'
import { tailTopics } from '../tail/tail.ts'
import type { Terminal } from '../terminal.ts'

interface TailOptions {
  readonly from?: From
  readonly filter: readonly Filter[]
  readonly partition?: number
  readonly ticks?: true
  readonly count?: number
  readonly follow: boolean
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Show topics, one record a line: when it was written, when the event happened, where it is, and what it says.

TOPIC is a signal (${SIGNALS.join(', ')}) or the whole name of any topic; without one, all signals are shown. What is there already
comes in the order of time, then what is written from now on, until Ctrl-C. Records that carry no event are shown as text, with the
reason. Reading leaves no trace: no consumer group keeps an offset.`

const MORE = `
--filter compares a name with a value: type, subject, source, id or any other attribute of the event, data.PATH (as data.temperature
or data.location.site), topic, partition, offset, key, recordTime, or failure. Operators are = and != for text, > >= < <= for numbers
and times, ~ and !~ for regular expressions.

With --json, each line is one document: topic, partition, offset, recordTime, eventTime, key, headers, event (as in CloudEvents'
JSON format), failure and value of what carries no event.

Examples:
  sluice tail alerts events
  sluice tail readings --from 10m --filter subject=roof-1 --filter 'data.temperature>30'
  sluice tail dlq --from start --no-follow --json`

export function addTail(program: Command, terminal: Terminal): void {
  program
    .command('tail')
    .summary('show topics, record by record')
    .description(ABOUT)
    .argument('[topic...]', 'signals, or whole names of topics', listParserOf(SOME_TEXT))
    .option(
      '--from <position>',
      'start, end, an RFC 3339 time, a duration before now, or an offset (default: end; with --no-follow: start)',
      parserOf(fromKind(Date.now())),
    )
    .option('--filter <condition>', 'only what fits; again for more conditions', listParserOf(FILTER), [])
    .option('--partition <n>', 'this one alone', naturalNumber)
    .option('--ticks', "show the clock's ticks and the rule sets, too")
    .option('-n, --count <n>', 'end after this many records', positiveInteger)
    .option('--no-follow', 'end with what is there now')
    .option('--json', 'print one JSON document a line')
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((wanted: string[], options: TailOptions) => tail(wanted, options, terminal))
}

function tail(wanted: readonly string[], options: TailOptions, terminal: Terminal): Promise<void> {
  const { partition, follow, filter: filters, ticks, count, json, env } = options
  const from = options.from ?? (follow ? 'end' : 'start')
  if (from === 'end' && !follow)
    throw usageFailure('--no-follow shows what is there, and --from end skips it: leave out one of them.')
  const config = configOf(terminal, env)
  const topics =
    wanted.length > 0
      ? [...new Set(wanted.map(topic => topicOf({ topic }, config.env)))]
      : SIGNALS.map(signal => topicName(signal, config.env))
  if (typeof from === 'object' && 'offset' in from && (topics.length > 1 || partition === undefined))
    throw usageFailure(
      '--from with an offset needs one topic and --partition: each partition counts its own.',
    )
  const plan = { topics, partition, from, filters, follow, json: json ?? false, withTicks: ticks ?? false }
  return tailTopics({ ...plan, count: count ?? Number.POSITIVE_INFINITY }, config, terminal)
}
