/** Expands entries of serverless.yml to fields of the Serverless Framework. Pure. */
import {
  type DeclaredFunction,
  type FunctionKeys,
  isConsumer,
  listEmitters,
  listMappings,
  listTriggerTopics,
  parseFunctions,
  READING_DEFAULTS,
  type TriggerTopic,
} from '../../lib/app/functions.ts'
import { topicNamed } from '../../lib/app/topics.ts'
import type { DeploymentPlace } from '../place/account.ts'
import { folderVariable } from '../place/config-folders.ts'
import { type RetryFields, retryFields } from '../place/schedules.ts'
import { roleId } from '../roles/roles.ts'
import { listUses, USES, type UsesPlace, type Variables } from '../roles/uses.ts'
import { mappingSignIn } from '../statements/kafka-secrets.ts'
import { pollerFields } from './pollers.ts'

const READING_KEYS = Object.keys(READING_DEFAULTS) as (keyof typeof READING_DEFAULTS)[]

/** Properties of the deployment from which the fields are derived. */
export type Surroundings = UsesPlace &
  Pick<
    DeploymentPlace,
    | 'clusterArn'
    | 'schedules'
    | 'pollers'
    | 'tracing'
    | 'console'
    | 'historyBucket'
    | 'historyKey'
    | 'hasWarehouse'
    | 'kafkaSecrets'
  >

/** Fields of the Serverless Framework that are derived from an entry. */
export interface ExpandedFields extends Partial<RetryFields> {
  readonly role: string
  readonly reservedConcurrency?: number
  readonly package?: { readonly patterns: readonly string[] }
  readonly environment?: Variables
  readonly events: readonly object[]
}

/**
 * Returns the fields of a function.
 *
 * @param all all functions of the project. A consumer needs those that emit to its topics.
 */
export function expandedFields(
  declared: DeclaredFunction,
  all: readonly DeclaredFunction[],
  surroundings: Surroundings,
): ExpandedFields {
  const { name, schedule } = declared
  const { folders, topicMappings } = surroundings
  const mappings = listMappings(declared, topicMappings)
  const used = listUses(declared)
  const read = [
    ...used.flatMap(({ folder }) => folder ?? []),
    ...(mappings.length > 0 ? (['mappings'] as const) : []),
  ]
  const emitters = listEmitters(declared, all, surroundings.env)
  const environment = {
    ...(emitters.length > 0 ? { EMITTERS: emitters.join(',') } : {}),
    ...(mappings.length > 0 ? { MAPPINGS: mappings.join(',') } : {}),
    ...Object.assign({}, ...read.map(folder => folderVariable(folder, folders))),
    ...Object.assign({}, ...used.map(({ variables }) => variables?.(surroundings, all))),
  }
  const patterns = read.flatMap(folder => folders[folder].patterns)
  return {
    role: roleId(name),
    // At most one run at a time: concurrent runs would append the same records twice.
    ...(schedule ? { reservedConcurrency: 1 } : {}),
    ...(schedule ? retryFields(schedule.expression) : {}),
    ...(patterns.length > 0 ? { package: { patterns } } : {}),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
    events: [
      ...listTriggerTopics(declared, surroundings.env).map(read => mskEvent(declared, read, surroundings)),
      ...(schedule ? [scheduleEvent(schedule, surroundings)] : []),
      ...used.flatMap(({ events }) => events?.(surroundings) ?? []),
    ],
  }
}

/**
 * Returns the Kafka event source of a function. It must not use properties that filter or discard records: see the rules of the
 * applied offset in docs/guarantees.md.
 */
function mskEvent(
  declared: DeclaredFunction,
  { topic, group }: TriggerTopic,
  surroundings: Surroundings,
): object {
  const { reading } = declared
  const { clusterArn, kafkaSecrets } = surroundings
  return {
    msk: {
      arn: clusterArn,
      topic,
      consumerGroupId: group,
      startingPosition: 'TRIM_HORIZON',
      batchSize: reading.batchSize,
      maximumBatchingWindow: reading.maximumBatchingWindow,
      ...pollerFields(declared, surroundings),
      ...(kafkaSecrets ? mappingSignIn(kafkaSecrets) : {}),
    },
  }
}

function scheduleEvent(
  { expression, condition }: NonNullable<DeclaredFunction['schedule']>,
  { schedules }: Surroundings,
): object {
  return { schedule: { rate: [expression], enabled: schedules[condition] } }
}

/**
 * Returns whether a function is deployed. The console is deployed only if SLUICE_CONSOLE is `on`, and functions of history only with a
 * bucket.
 */
export function isDeployed(
  { uses }: Pick<DeclaredFunction, 'uses'>,
  {
    console,
    historyBucket,
    hasWarehouse = false,
  }: Pick<Surroundings, 'console' | 'historyBucket' | 'hasWarehouse'>,
): boolean {
  const isThere = { history: historyBucket !== undefined, warehouse: hasWarehouse }
  const needs = uses.flatMap(word => USES[word]?.needs ?? [])
  return (console || !uses.includes('console')) && needs.every(one => isThere[one])
}

/** Returns errors that the schema cannot detect because they concern several keys, one sentence each. */
export function functionProblems(entries: Readonly<Record<string, FunctionKeys>>): string[] {
  return parseFunctions(entries).flatMap(declared => {
    const { name, foreignTopics, forwards, schedule, uses, mappings = [] } = declared
    const where = `functions.${name} of serverless.yml`
    const isForwarder = forwards.length > 0
    const problems: string[] = []
    if (!isConsumer(declared))
      for (const key of READING_KEYS.filter(key => entries[name]?.[key] !== undefined))
        problems.push(`${where}: ${key} configures the reading of topics, but consumes is missing.`)
    for (const topic of foreignTopics.filter(one => topicNamed(one) !== undefined))
      problems.push(
        `${where}: ${topic} is a topic of Sluice. Use its name without the environment in consumes.`,
      )
    if (!isConsumer(declared) && mappings.length > 0)
      problems.push(`${where}: mappings configure the reading of topics, but consumes is missing.`)
    if (foreignTopics.length > 0 && foreignTopics.length + declared.consumes.length > 1)
      problems.push(
        `${where}: it reads ${[...declared.consumes, ...foreignTopics].join(', ')}, but the topics of other systems have one group, and AWS requires a group for each event source. ` +
          'Declare one function per topic. They can share a handler.',
      )
    if (isConsumer(declared) && !uses.includes('redis'))
      problems.push(`${where}: a consumer keeps its state in Redis, so it must have uses: [redis].`)
    if (isForwarder && !uses.includes('redis'))
      problems.push(`${where}: a forwarder keeps its cursors in Redis, so it must have uses: [redis].`)
    if (isForwarder && !schedule)
      problems.push(`${where}: a forwarder is invoked by a schedule, so it must have one.`)
    if (isForwarder && isConsumer(declared))
      problems.push(`${where}: a function either consumes or forwards, not both.`)
    return problems
  })
}
