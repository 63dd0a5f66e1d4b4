import { createTopic, isTopicNotCreated } from '#runtime/adapters/kafka/topic-admin.ts'
import { omitUndefined } from '#runtime/consumer/index.ts'
import { createKind } from '#runtime/settings/index.ts'
import { SIGNALS } from '../../lib/app/topic-table.ts'
import { OperationFailure } from '../../lib/operations/operation-failure.ts'
import { requireWritable } from '../../lib/operations/topics/new-topic.ts'
import {
  argument,
  command,
  environment,
  JSON_OPTION,
  option,
  optionList,
  POSITIVE,
  SOME_TEXT,
} from '../command.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { carryOut } from '../operation/carry-out.ts'
import { withKafka } from '../servers/kafka.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'

/** Kind for a setting of a topic, whose value is the pair of name and value. */
const SETTING = createKind<readonly [name: string, value: string]>(text => {
  const [, name, value] = /^([a-z][a-z.]*)=(.+)$/s.exec(text) ?? []
  return name !== undefined && value !== undefined ? [name, value] : undefined
}, 'a setting and its value, such as retention.ms=86400000')

export default command({
  about: `Create a topic, and wait until it can be written.

Everything that is not given is the default of the brokers. Topics of the topic table, such as readings, are created by
\`sluice topics apply\`.`,
  more: `
Examples:
  sluice topics create orders --partitions 10 --set retention.ms=604800000
  sluice topics create prices --set cleanup.policy=compact --set retention.ms=604800000`,
  args: {
    name: argument('full name of the topic', SOME_TEXT),
  },
  options: {
    partitions: option('<n>', 'number of partitions', POSITIVE),
    replicationFactor: option('<n>', 'number of replicas of each partition', POSITIVE),
    set: optionList('<name=value>', 'a setting of the topic; can be repeated', SETTING),
    json: JSON_OPTION,
    env: environment('whose events note the change'),
  },
  async run({ name: topic, partitions, replicationFactor, set, json, env }, terminal) {
    const config = resolveConfig(terminal, env)
    if (config.names.findSignal(topic) !== undefined || (SIGNALS as readonly string[]).includes(topic))
      throw usageFailure(`${topic} is in the topic table: create it with \`sluice topics apply\`.`)
    const settings: Readonly<Record<string, string>> = Object.fromEntries(set)
    const wanted = { topic, ...omitUndefined({ partitions, replicationFactor }), settings }
    try {
      requireWritable(wanted)
      await withKafka(config, async ({ kafka, connections }) => {
        const filter = { topic, partitions: String(partitions ?? 'default') }
        await carryOut(connections, { action: 'topics create', filter }, async counts => {
          await createTopic(kafka, wanted)
          counts.created = 1
        })
        printReport(terminal, { created: wanted }, json, () => `Created topic: ${topic}\n`)
      })
    } catch (error) {
      if (!(isTopicNotCreated(error) || error instanceof OperationFailure)) throw error
      throw new CliFailure(`Failed to create ${topic}: ${error.message}`, 1, { cause: error })
    }
  },
})
