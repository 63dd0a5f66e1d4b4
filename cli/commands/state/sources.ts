import type { Command } from 'commander'
import { entitySources } from '../../../lib/queries/entity-sources.ts'
import { StateReader } from '../../../packages/runtime/adapters/redis/state-reader.ts'
import {
  choice,
  environmentOption,
  JSON_OPTION,
  naturalNumber,
  positiveInteger,
  someText,
} from '../../arguments.ts'
import { configOf, withRedis } from '../../connections.ts'
import { more } from '../../help.ts'
import { boundsOf } from '../../state/log.ts'
import { sourcesText } from '../../state/sources-text.ts'
import { stateKeysOf, topicOf } from '../../state/state-keys.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface SourcesOptions {
  readonly topic: string
  readonly partition?: number
  readonly by: 'source' | 'prefix'
  readonly most: number
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Show which producers have the most entities in the states of a consumer, the worst first.

It reads the name and the state of every entity, in pages while the consumer goes on. --by prefix counts sources together that differ only after their
last "/": a flood can take another source for each entity.`

const MORE = `
\`sluice state erase --matching\` removes the entities of a pattern.

Examples:
  sluice state sources processor
  sluice state sources alerting --by prefix --most 3`

const MOST = 10

export function addStateSources(state: Command, terminal: Terminal): void {
  state
    .command('sources')
    .summary('show which producers have the most entities')
    .description(ABOUT)
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .option('--topic <topic>', 'a signal, as readings or patterns, or the whole name', someText, 'readings')
    .option('--partition <n>', 'this one alone', naturalNumber)
    .addOption(
      choice('--by <what>', 'count by source, or by its beginning', ['source', 'prefix']).default('source'),
    )
    .option('--most <n>', 'maximum number of lines', positiveInteger, MOST)
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((consumer: string, options: SourcesOptions) => sources({ consumer, ...options }, terminal))
}

async function sources(
  { env, json, by, most, ...wanted }: SourcesOptions & { readonly consumer: string },
  terminal: Terminal,
): Promise<void> {
  const config = configOf(terminal, env)
  await withRedis(config, async (client, connections) => {
    const bounds = await boundsOf(connections, topicOf(wanted, config.env))
    const stateKeys = stateKeysOf(wanted, config.env, typeof bounds === 'string' ? undefined : bounds.length)
    const report = await entitySources(new StateReader(client), stateKeys, { by, most })
    printReport(terminal, { consumer: wanted.consumer, by, ...report }, json, sourcesText)
  })
}
