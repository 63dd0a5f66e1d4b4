import type { GroupDescription } from '#runtime/adapters/kafka/groups.ts'
import { TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import { listTriggerTopics } from '../../lib/app/functions.ts'
import { listFurtherTopics, resolveInputs } from '../../lib/app/inputs.ts'
import { describeKafka } from '../../lib/diagnosis/server-standards.ts'
import {
  addGroupAges,
  computeLongestWait,
  listGroups,
  readGroupLag,
} from '../../lib/queries/kafka/consumer-groups.ts'
import { command, environment, JSON_OPTION, optionalArgument, SOME_TEXT } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { type KafkaCommand, withKafka } from '../servers/kafka.ts'
import { awaitAnswer } from '../servers/server-errors.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { formatLags, type LagReport } from './text.ts'

export default command({
  about: `Show consumer groups with their state, and their lag in each partition: the number of records that are not consumed, and the age of the
oldest. Without a group, all groups of the cluster are shown.`,
  more: `
Lag is counted from the committed offset to the end of the partition or, without a committed offset, from the first
record. Transaction markers count as records.

Examples:
  sluice groups lag sluice-alerting-local
  sluice groups lag --json`,
  args: {
    consumerGroup: optionalArgument('full name of a group', SOME_TEXT),
  },
  options: {
    json: JSON_OPTION,
    env: environment('of the cluster'),
  },
  async run({ consumerGroup: group, json, env }, terminal) {
    const read = (command: KafkaCommand) => readLags(command, group, terminal.stderr)
    const groups = await withKafka(resolveConfig(terminal, env), read, env)
    printReport(terminal, { groups }, json, formatLags)
  },
})

async function readLags(
  command: KafkaCommand,
  wanted: string | undefined,
  stderr: Terminal['stderr'],
): Promise<LagReport[]> {
  const { kafka, offsets, connections } = command
  const own = { kafka, offsets, log: await connections.log(), groups: await listGroups(kafka) }
  const further = await openFurtherCluster(command).catch((error: Error) => {
    stderr.write(`The groups of inputs in the further cluster are not shown: ${error.message}\n`)
  })
  const clusters = further ? [own, further] : [own]
  const chosen = chooseGroups(
    clusters.flatMap(({ groups }) => groups),
    wanted,
    command,
  )
  const reports: LagReport[] = []
  for (const { kafka, offsets, log, groups } of clusters)
    for (const group of groups.filter(group => chosen.includes(group))) {
      const found = await readGroupLag(kafka, offsets, group)
      const aged = await addGroupAges(log, found, Date.now())
      reports.push({ ...aged, seconds: computeLongestWait(aged) })
    }
  return reports
}

/** Opens the further cluster of the inputs, with the groups that read them; undefined without one. */
async function openFurtherCluster({ config, connections }: KafkaCommand) {
  const topics = listFurtherTopics(resolveInputs(config))
  const read = readFunctions()
    .flatMap(declared => listTriggerTopics(declared, config, [...topics]))
    .filter(({ topic }) => topics.has(topic))
  const [first] = read
  if (first === undefined) return undefined
  const clients = connections.at(first.topic)
  const [kafka, log] = [await clients.kafka(), await clients.log()]
  const groups = await awaitAnswer(listGroups(kafka))
  const names = new Set(read.map(({ group }) => group))
  const offsets = connections.register(new TopicOffsets(kafka))
  return { kafka, log, offsets, groups: groups.filter(({ group }) => names.has(group)) }
}

/**
 * Returns the groups that the user has selected.
 *
 * @throws CliFailure for an unknown group
 */
function chooseGroups(
  all: readonly GroupDescription[],
  wanted: string | undefined,
  { config }: KafkaCommand,
): readonly GroupDescription[] {
  if (wanted === undefined) return all
  const found = all.filter(({ group }) => group === wanted)
  if (found.length > 0) return found
  const names = all.map(({ group }) => group)
  throw new CliFailure(
    `Kafka at ${describeKafka(config).address} has no consumer group ${wanted}. It has ${names.join(', ') || 'none'}.`,
  )
}
