import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replicationOn } from '@sluice/kafka-records/replication'
import { ensureTopics, type TopicDifference, type TopicsOutcome } from '#runtime/operating/kafka'
import type { KafkaTopic } from '#runtime/operating/servers'
import { listRenamedTopics, type Named, type Names } from '../lib/app/naming/names.ts'
import { UserError } from '../scripts/user-error.ts'

export interface LocalTopicsOptions extends Named {
  /** Addresses of all brokers. The number of brokers determines the replication factor. */
  readonly brokers: readonly string[]
  /** Topics of inputs. */
  readonly inputs?: readonly KafkaTopic[]
}

/**
 * Creates missing topics.
 *
 * @throws UserError naming all differences between existing topics and the table of topics
 */
export async function createTopics({
  brokers,
  env,
  names,
  inputs = [],
}: LocalTopicsOptions): Promise<TopicsOutcome> {
  const place = { brokers, replication: replicationOn(brokers.length) }
  const outcome = await ensureTopics({ ...place, topics: names.kafkaTopics(env) })
  if (outcome.differences.length > 0) throw new UserError(describeDifferences(names, outcome.differences))
  const ofInputs = inputs.length > 0 ? await ensureTopics({ ...place, topics: inputs }) : { created: [] }
  return { ...outcome, created: [...outcome.created, ...ofInputs.created] }
}

function describeDifferences(names: Names, differences: readonly TopicDifference[]): string {
  const lines = differences.map(
    ({ topic, setting, wanted, found }) => `  ${topic}: ${setting} is ${found}, but must be ${wanted}`,
  )
  const partitions = differences.filter(({ setting }) => setting === 'partitions')
  const counts = new Map(partitions.map(({ topic, found }) => [topic, found]))
  return (
    `Existing topics differ from the settings and lib/app/naming/topic-table.ts:\n${lines.join('\n')}\n` +
    (counts.size > 0 ? `${names.advisePartitions(counts)} (--name other starts another stack).\n` : '') +
    'Start with --fresh to recreate them (their records are lost), or change other settings manually.'
  )
}

/** File with the names of topics, beside the data. */
export const TOPIC_NAMES_FILE = 'topic-names.json'

/**
 * Stores the names of topics beside the data. Rejects names that differ from the names of existing data.
 *
 * @param fresh true if the data is empty, so that any names are allowed
 * @throws UserError naming each topic whose name would change
 */
export function keepTopicNames(dataDir: string, { env, names }: Named, fresh = false): void {
  const file = join(dataDir, TOPIC_NAMES_FILE)
  const storedNames = fresh ? {} : readNames(file)
  const topics = names.topicNames(env)
  const renamed = listRenamedTopics(storedNames[env] ?? {}, topics)
  if (renamed.length > 0)
    throw new UserError(
      `The data in ${dataDir} was created with other topic names:\n${renamed.map(line => `  ${line}\n`).join('')}` +
        'States and pending records belong to the old topics. Restore the previous names, start another stack (--name other), ' +
        `or delete the data: start with --fresh or, in containers, after \`docker compose --profile '*' down --volumes\`.`,
    )
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(file, `${JSON.stringify({ ...storedNames, [env]: topics }, null, 2)}\n`)
}

type NamesByEnvironment = Readonly<Record<string, Readonly<Record<string, string>>>>

function readNames(file: string): NamesByEnvironment {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new UserError(
      `${file} cannot be read: ${(error as Error).message}. Delete it, or start with --fresh.`,
    )
  }
}
