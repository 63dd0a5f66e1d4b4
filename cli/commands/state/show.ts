import { type Command, Option } from 'commander'
import { readConfig } from '../../../lib/app/config.ts'
import { entityStates } from '../../../lib/queries/entities.ts'
import { partitionStates, topicsRemembered } from '../../../lib/queries/partition-states.ts'
import { StateInspection } from '../../../packages/runtime/adapters/redis/inspection.ts'
import { environmentOption, JSON_OPTION, naturalNumber, parserOf, someText } from '../../arguments.ts'
import { environmentOf, withRedis } from '../../connections.ts'
import { CliFailure, usageFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { AT, type At, pastText, statesAt } from '../../state/at.ts'
import { boundsOf } from '../../state/log.ts'
import { stateReport } from '../../state/report.ts'
import { ownTopicOf, signalTopics, stateKeysOf, topicOf } from '../../state/state-keys.ts'
import { entitiesText, stateText } from '../../state/text.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ShowOptions {
  readonly topic: string
  readonly partition?: number
  readonly entity?: string
  readonly at?: At
  readonly failures?: true
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Show what a consumer remembers, partition by partition.

Read in pages while the consumer goes on, so that figures of one partition may be a moment apart. Where Kafka does not
answer, only the lag is missing.

With --at, the log is applied again in memory, by the code of this project, from the newest checkpoint before that place, or from
the start of the log. Nothing is changed.`

const MORE = `
Examples:
  sluice state show processor
  sluice state show dlq-router --topic failures --failures
  sluice state show alerting --entity roof-1
  sluice state show alerting --entity roof-1 --at 2h`

export function addStateShow(state: Command, terminal: Terminal): void {
  state
    .command('show')
    .summary('show what a consumer remembers')
    .description(ABOUT)
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .option('--topic <topic>', 'a signal, as readings or failures, or the whole name', someText, 'readings')
    .option('--partition <n>', 'this one alone', naturalNumber)
    .option(
      '--entity <text>',
      'the state and the timers of these: a whole subject, or a part of source and subject',
      someText,
    )
    .addOption(
      new Option(
        '--at <offset|time>',
        'with --entity: its state at this offset, or just before this time, and the steps that led there',
      ).argParser(parserOf(AT)),
    )
    .option('--failures', 'list the open failures')
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((consumer: string, options: ShowOptions) => show({ consumer, ...options }, terminal))
}

async function show(
  { env, entity, json, failures, at, ...wanted }: ShowOptions & { consumer: string },
  terminal: Terminal,
): Promise<void> {
  if (at && entity === undefined) throw usageFailure('--at shows an entity: name it with --entity.')
  const environment = environmentOf(terminal, env)
  const config = readConfig(environment)
  await withRedis(config, async (client, connections) => {
    if (at && entity !== undefined) {
      const asked = { ...wanted, topic: ownTopicOf(wanted, config.env), at, entity }
      const past = await statesAt({ client, connections }, asked, environment, terminal)
      return printReport(terminal, past, json, pastText)
    }
    const inspection = new StateInspection(client)
    const bounds = await boundsOf(connections, topicOf(wanted, config.env))
    const stateKeys = stateKeysOf(wanted, config.env, typeof bounds === 'string' ? undefined : bounds.length)
    if (entity !== undefined) {
      const found = await entityStates(inspection, stateKeys, entity)
      if (found.length === 0)
        throw new CliFailure(
          `${wanted.consumer} remembers no entity of ${stateKeys[0]?.topic} that matches "${entity}".`,
        )
      return printReport(terminal, found, json, entitiesText)
    }
    const states = await partitionStates(inspection, stateKeys, {
      bounds: typeof bounds === 'string' ? undefined : bounds,
      withFailures: failures ?? false,
    })
    const topic = topicOf(wanted, config.env)
    if (states.every(({ appliedOffset, epoch }) => appliedOffset < 0 && epoch === 0)) {
      const known = await topicsRemembered(inspection, wanted.consumer, signalTopics(config.env))
      const advice =
        known.length > 0
          ? `it does of ${known.map(({ signal }) => `--topic ${signal}`).join(', ')}.`
          : 'are its name, --topic, --partition and --env right?'
      throw new CliFailure(`${wanted.consumer} remembers nothing of ${topic}: ${advice}`)
    }
    const report = stateReport({ consumer: wanted.consumer, topic }, bounds, states)
    return printReport(terminal, report, json, stateText)
  })
}
