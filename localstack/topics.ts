import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kafkaTopics, renamedTopics, topicNames } from '../lib/app/topics.ts'
import { replicationOn } from '../packages/runtime/adapters/kafka/replication.ts'
import {
  ensureTopics,
  type TopicDifference,
  type TopicsOutcome,
} from '../packages/runtime/adapters/kafka/topics.ts'
import { UserError } from '../programs/user-error.ts'

export interface LocalTopicsOptions {
  /** All brokers: their number determines the replication factor. */
  readonly brokers: readonly string[]
  /** The last part of every topic's name. */
  readonly env?: string
}

/**
 * Creates missing topics.
 *
 * @throws UserError naming every difference between existing topics and the topic table
 */
export async function createTopics({ brokers, env = 'local' }: LocalTopicsOptions): Promise<TopicsOutcome> {
  const outcome = await ensureTopics({
    brokers,
    topics: kafkaTopics(env),
    replication: replicationOn(brokers.length),
  })
  if (outcome.differences.length > 0) throw new UserError(describeDifferences(outcome.differences))
  return outcome
}

function describeDifferences(differences: readonly TopicDifference[]): string {
  const lines = differences.map(
    ({ topic, setting, wanted, found }) => `  ${topic}: ${setting} is ${found}, the table says ${wanted}`,
  )
  return (
    `Existing topics differ from lib/app/topics.ts:\n${lines.join('\n')}\n` +
    'Start with --fresh to recreate them (their records are lost), or change them by hand.'
  )
}

/**
 * Refuses other names of topics than the data was made with, and keeps the names beside the data.
 *
 * @param fresh whether the data begins empty, so that any name is right
 * @throws UserError naming every topic that would get another name
 */
export function keepTopicNames(dataDir: string, env: string, fresh = false): void {
  const file = join(dataDir, 'topic-names.json')
  const kept = fresh ? {} : namesIn(file)
  const names = topicNames(env)
  const renamed = renamedTopics(kept[env] ?? {}, names)
  if (renamed.length > 0)
    throw new UserError(
      `The data in ${dataDir} was made with other names of topics:\n${renamed.map(line => `  ${line}\n`).join('')}` +
        'States and waiting records stay with the old topics. Set the names as they were; or start another stack beside this one ' +
        '(--name other); or start with --fresh (the data is lost).',
    )
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(file, `${JSON.stringify({ ...kept, [env]: names }, null, 2)}\n`)
}

type NamesByEnvironment = Readonly<Record<string, Readonly<Record<string, string>>>>

function namesIn(file: string): NamesByEnvironment {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new UserError(
      `${file} cannot be read: ${(error as Error).message}. Delete it, or start with --fresh.`,
    )
  }
}
