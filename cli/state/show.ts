import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { readConfig } from '../../lib/app/config.ts'
import {
  listSignalTopics,
  requireOwnTopic,
  resolveTopic,
  selectStateKeys,
} from '../../lib/operations/state-keys.ts'
import { listEntityStates } from '../../lib/queries/states/entities.ts'
import { findRememberedTopics, readPartitionStates } from '../../lib/queries/states/partition-states.ts'
import {
  argument,
  command,
  environment,
  flag,
  JSON_OPTION,
  NATURAL,
  option,
  optionWithDefault,
  SOME_TEXT,
} from '../command.ts'
import { CliFailure } from '../failure.ts'
import { requireConsumer } from '../options/consumer.ts'
import { readLogBounds } from '../servers/log-bounds.ts'
import { withRedis } from '../servers/redis.ts'
import { resolveEnvironment } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'
import { AT, buildPastReports, formatPastReports } from './past-states.ts'
import { buildStateReport, formatEntities, formatState } from './text.ts'

export default command({
  about: `Show the state of a consumer, partition by partition.

States are read in pages while the consumer continues, so that the values of one partition may differ in time
slightly. If Kafka does not answer, only the lag is missing.

--at applies the log again in memory, with the code of this project, from the first record that it still has. Nothing is
changed.`,
  more: `
Examples:
  sluice state show processor
  sluice state show dlq-router --topic failures --failures
  sluice state show alerting --entity roof-1
  sluice state show alerting --entity roof-1 --at 2h`,
  args: {
    consumer: argument('name of the consumer in serverless.yml', SOME_TEXT),
  },
  options: {
    topic: optionWithDefault(
      '<topic>',
      'signal, such as readings or failures, or full name of a topic',
      SOME_TEXT,
      'readings',
    ),
    partition: option('<n>', 'only this partition', NATURAL),
    entity: option(
      '<text>',
      'show states and timers of these entities: a whole subject, or words of source and subject',
      SOME_TEXT,
    ),
    at: option(
      '<offset|time>',
      'with --entity: show the state at this offset, or just before this time, and the steps that led to it',
      AT,
    ),
    failures: flag('list the open failures'),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  needs: [['at', 'entity']],
  async run({ env, entity, json, failures, at, ...wanted }, terminal) {
    const environment = resolveEnvironment(terminal, env)
    const config = readConfig(environment)
    await withRedis(config, async (client, connections) => {
      if (at && entity !== undefined) {
        const selection = { ...wanted, topic: requireOwnTopic(wanted, config), at, entity }
        const past = await buildPastReports({ client, connections }, selection, environment, terminal)
        return printReport(terminal, past, json, formatPastReports)
      }
      const inspection = new StateInspection(client)
      const bounds = await readLogBounds(connections, config, resolveTopic(wanted, config))
      const known = bounds === 'no-topic' || bounds instanceof CliFailure ? undefined : bounds
      const stateKeys = selectStateKeys(wanted, config, known?.length)
      if (entity !== undefined) {
        const found = await listEntityStates(inspection, stateKeys, entity)
        if (found.length === 0) {
          requireConsumer(wanted.consumer)
          throw new CliFailure(
            `${wanted.consumer} has no entity of ${stateKeys[0]?.topic} that matches "${entity}".`,
          )
        }
        return printReport(terminal, found, json, formatEntities)
      }
      const states = await readPartitionStates(inspection, stateKeys, {
        bounds: known,
        withFailures: failures,
      })
      const topic = resolveTopic(wanted, config)
      if (states.every(({ appliedOffset, epoch }) => appliedOffset < 0 && epoch === 0)) {
        const topicsWithState = await findRememberedTopics(
          inspection,
          wanted.consumer,
          listSignalTopics(config),
        )
        if (topicsWithState.length === 0) requireConsumer(wanted.consumer)
        const advice =
          topicsWithState.length > 0
            ? `it has one of ${topicsWithState.map(({ signal }) => `--topic ${signal}`).join(', ')}.`
            : 'check --topic, --partition and --env.'
        throw new CliFailure(`${wanted.consumer} has no state of ${topic}: ${advice}`)
      }
      const report = buildStateReport({ consumer: wanted.consumer, topic }, bounds, states)
      return printReport(terminal, report, json, formatState)
    })
  },
})
