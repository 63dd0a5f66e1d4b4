import { OperationFailure } from '../../lib/operations/failure.ts'
import { ownTopicOf } from '../../lib/operations/state-keys.ts'
import {
  brokerCount,
  createTopic,
  isTopicNotCreated,
} from '../../packages/runtime/adapters/kafka/topic-admin.ts'
import { oneOf } from '../../packages/runtime/settings/values.ts'
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
import { configOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { withKafka } from '../kafka.ts'
import { carryOut } from '../operation.ts'
import { printReport } from '../terminal.ts'
import { CLEANUP_POLICIES, COMPRESSION_TYPES, RETENTION_MS, SETTING, settingsIn } from './settings.ts'
import { requireWritable, wantedTopic } from './wanted-topic.ts'

const OPTIONS = {
  partitions: option('<n>', 'number of partitions', POSITIVE),
  replicationFactor: option('<n>', 'number of replicas of each partition', POSITIVE),
  retentionMs: option('<ms>', 'retention.ms: retention of records; -1 for no limit', RETENTION_MS),
  minInsyncReplicas: option(
    '<n>',
    'min.insync.replicas: number of replicas that must acknowledge a write',
    POSITIVE,
  ),
  cleanupPolicy: option('<policy>', 'cleanup.policy: treatment of old records', oneOf(CLEANUP_POLICIES)),
  compressionType: option('<codec>', 'compression.type: compression by brokers', oneOf(COMPRESSION_TYPES)),
  config: optionList('<name=value>', 'any setting of a topic; can be repeated', SETTING),
  json: JSON_OPTION,
  env: environment('of a signal'),
}

export default command({
  about: `Create a topic, and wait until it can be written.

NAME is the full name of a topic. A signal, such as readings, stands for the topic of that signal in the environment;
its partitions, replicas and settings are those of the topic table, unless options override them. Other topics have
the brokers' defaults for everything that is not given.`,
  more: `
Examples:
  sluice topics create orders --partitions 10 --replication-factor 3
  sluice topics create orders --retention-ms 604800000 --config min.insync.replicas=2
  sluice topics create prices --cleanup-policy compact --compression-type zstd`,
  args: {
    name: argument('full name of the topic, or a signal', SOME_TEXT),
  },
  options: OPTIONS,
  async run({ name, ...options }, terminal) {
    const config = configOf(terminal, options.env)
    const topic = ownTopicOf({ topic: name }, config.env)
    const settings = settingsIn(options)
    try {
      await withKafka(config, async ({ kafka, connections }) => {
        const wanted = wantedTopic(topic, settings, options, config.env, await brokerCount(kafka))
        requireWritable(wanted)
        const filter = { topic, partitions: String(wanted.partitions ?? 'default') }
        await carryOut(connections, { action: 'topics create', filter }, async counts => {
          await createTopic(kafka, wanted)
          counts.created = 1
        })
        printReport(terminal, { created: wanted }, options.json, () => `Created topic: ${topic}\n`)
      })
    } catch (error) {
      if (!(isTopicNotCreated(error) || error instanceof OperationFailure)) throw error
      throw new CliFailure(`Failed to create ${topic}: ${error.message}`, 1, { cause: error })
    }
  },
})
