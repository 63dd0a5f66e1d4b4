import type { Command } from 'commander'
import type { KeyStrategy } from '../../lib/telemetry/key.ts'
import { spanContextOf } from '../../packages/runtime/cloudevents/trace.ts'
import type { Serialization } from '../../packages/runtime/consumer/serialization.ts'
import { parsedBy } from '../../packages/runtime/settings/values.ts'
import { environmentOption, JSON_OPTION, parserOf, someText } from '../arguments.ts'
import { configOf } from '../connections.ts'
import { usageFailure } from '../failure.ts'
import { more } from '../help.ts'
import { KEY_BY, KEY_BY_FLAG } from '../key-by.ts'
import { publish } from '../publish/publish.ts'
import { SERIALIZATION_OPTION } from '../serialization.ts'
import { topicOf } from '../state/state-keys.ts'
import type { Terminal } from '../terminal.ts'

interface PublishOptions {
  readonly topic: string
  readonly key?: string
  readonly keyBy?: KeyStrategy
  readonly traceparent?: string
  readonly newId?: true
  readonly dryRun?: true
  readonly serialization?: Serialization
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Publish single CloudEvents of your own, and tell where each lies: topic, partition and offset.

FILE holds events in the JSON format of CloudEvents: one object, an object a line, or an array; "-" is standard input. Events of any type are
taken; where Sluice has a schema for the type, the data must fit it. If one event is wrong, its line is named, and nothing is published.`

const MORE = `
The record key is what the event's partitionkey says, else what producers of such events use: of a reading the key of its family, of an alert its
fingerprint, of other events their entity. So an entity stays in its partition. An event without traceparent begins a trace.

Ids are never made up, because consumers drop an event whose id and source they know: --new-id asks for new ones where there are none.

Examples:
  sluice publish --topic readings reading.json
  sluice publish --topic events - --new-id --traceparent 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
  sluice publish --topic orders orders.jsonl --key customer-7 --dry-run`

const TRACEPARENT = parserOf(
  parsedBy<string>(
    text => (spanContextOf({ traceparent: text }) ? text : undefined),
    'a traceparent of W3C Trace Context: 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, in lower case',
  ),
)

export function addPublish(program: Command, terminal: Terminal): void {
  program
    .command('publish')
    .summary('publish single events of your own')
    .description(ABOUT)
    .argument('<file>', 'the events, or "-"', someText)
    .requiredOption('--topic <topic>', 'a signal, or the whole name of a topic', someText)
    .option('--key <key>', 'the record key of all events, instead of that of their entities', someText)
    .option(
      KEY_BY_FLAG,
      'key each event by instance, type, tenant, random, or a field such as location.site',
      parserOf(KEY_BY),
    )
    .option('--traceparent <value>', 'the trace that all events belong to', TRACEPARENT)
    .option('--new-id', 'give a new id to events that have none')
    .option(...SERIALIZATION_OPTION)
    .option('--dry-run', 'check the events, and show where they would go')
    .option(...JSON_OPTION)
    .option(...environmentOption('of a signal'))
    .addHelpText('after', more(MORE))
    .action((file: string, options: PublishOptions) => run(file, options, terminal))
}

async function run(file: string, options: PublishOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, options.env)
  if (options.key !== undefined && options.keyBy !== undefined)
    throw usageFailure('--key gives one key to all events, and --key-by one to each: give one of them.')
  const { key, keyBy, traceparent, newId = false, dryRun = false, json = false, serialization } = options
  const topic = topicOf(options, config.env)
  const plan = { topic, file, key, keyBy, traceparent, newId, dryRun, json, serialization }
  await publish(plan, config, terminal)
}
