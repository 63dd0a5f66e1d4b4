/** Expands an entry of serverless.yml to the framework's own fields. Pure. */
import {
  type DeclaredFunction,
  declaredFunctions,
  type FunctionKeys,
  isConsumer,
  mappingsOf,
  READING_DEFAULTS,
  type ReadTopic,
  topicsRead,
} from '../lib/app/functions.ts'
import { tableSignalOf, topicNamed, topicsOf } from '../lib/app/topics.ts'
import type { DeploymentPlace } from './account.ts'
import { folderVariable } from './folders.ts'
import { mappingSignIn } from './kafka-secrets.ts'
import { type MissedRunFields, missedRunFields } from './missed-runs.ts'
import { pollerFields } from './pollers.ts'
import { roleId } from './roles.ts'
import { type UsesPlace, usesOf, type Variables } from './uses.ts'

const READING_KEYS = Object.keys(READING_DEFAULTS) as (keyof typeof READING_DEFAULTS)[]

/** Facts of the place that the functions run in. */
export type Surroundings = UsesPlace &
  Pick<
    DeploymentPlace,
    | 'clusterArn'
    | 'schedules'
    | 'pollers'
    | 'keepsMissedRuns'
    | 'tracing'
    | 'console'
    | 'checkpointBucket'
    | 'kafkaSecrets'
  >

/** The framework's fields of a function, as far as they follow from its entry. */
export interface ExpandedFields extends Partial<MissedRunFields> {
  readonly role: string
  readonly reservedConcurrency?: number
  readonly package?: { readonly patterns: readonly string[] }
  readonly environment?: Variables
  readonly events: readonly object[]
}

/** @param all every function of the project: one that takes checkpoints has to know the consumers */
export function expandedFields(
  declared: DeclaredFunction,
  all: readonly DeclaredFunction[],
  surroundings: Surroundings,
): ExpandedFields {
  const { name, schedule } = declared
  const { folders, topicMappings } = surroundings
  const mappings = mappingsOf(declared, topicMappings)
  const used = usesOf(declared)
  const read = [
    ...used.flatMap(({ folder }) => folder ?? []),
    ...(mappings.length > 0 ? (['mappings'] as const) : []),
  ]
  const environment = {
    ...(mappings.length > 0 ? { MAPPINGS: mappings.join(',') } : {}),
    ...Object.assign({}, ...read.map(folder => folderVariable(folder, folders))),
    ...Object.assign({}, ...used.map(({ variables }) => variables?.(surroundings, all))),
  }
  const patterns = read.flatMap(folder => folders[folder].patterns)
  return {
    role: roleId(name),
    // Two runs at once would append twice what their schedule asks for once.
    ...(schedule ? { reservedConcurrency: 1 } : {}),
    ...(schedule && surroundings.keepsMissedRuns ? missedRunFields(schedule.expression) : {}),
    ...(patterns.length > 0 ? { package: { patterns } } : {}),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
    events: [
      ...topicsRead(declared, surroundings.env).map(read => mskEvent(declared, read, surroundings)),
      ...(schedule ? [scheduleEvent(schedule, surroundings)] : []),
      ...used.flatMap(({ events }) => events?.(surroundings) ?? []),
    ],
  }
}

/** Nothing here may hide a record from the consumer or discard one: see the rules of the applied offset in docs/guarantees.md. */
function mskEvent(
  declared: DeclaredFunction,
  { topic, group }: ReadTopic,
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

/** The functions that are deployed there: the console has to be asked for. */
export function isDeployed(
  { uses }: Pick<DeclaredFunction, 'uses'>,
  surroundings: Pick<Surroundings, 'console'>,
): boolean {
  return surroundings.console || !uses.includes('console')
}

/** Returns problems of the functions that no schema of a single key can express; a sentence each. */
export function functionProblems(entries: Readonly<Record<string, FunctionKeys>>): string[] {
  return declaredFunctions(entries).flatMap(declared => {
    const { name, foreignTopics, forwards, schedule, uses, mappings = [] } = declared
    const where = `functions.${name} of serverless.yml`
    const isForwarder = forwards.length > 0
    const problems: string[] = []
    if (!isConsumer(declared))
      for (const key of READING_KEYS.filter(key => entries[name]?.[key] !== undefined))
        problems.push(`${where}: ${key} says how topics are read, but there is no consumes.`)
    for (const topic of foreignTopics.filter(one => topicNamed(one) !== undefined))
      problems.push(`${where}: ${topic} is a topic of Sluice: consumes names it without its environment.`)
    if (!isConsumer(declared) && mappings.length > 0)
      problems.push(
        `${where}: mappings say how the records of its topics are read, but there is no consumes.`,
      )
    const { consumes, forwards: from, emits } = entries[name] ?? {}
    for (const word of [consumes, from, emits].flat().filter(one => one !== undefined))
      if (topicsOf([word]).length === 0)
        problems.push(`${where}: there is no topic ${word} here. The setting EXTRA_SIGNALS adds it.`)
    const read = [...new Set<string>(declared.consumes.map(tableSignalOf)), ...foreignTopics]
    if (read.length > 1)
      problems.push(
        `${where}: it reads ${read.length} topics (${read.join(', ')}), but a consumer has one group, and AWS wants a group for each event source: ` +
          'make it a function for each topic. They can have the same handler.',
      )
    if (isConsumer(declared) && !uses.includes('redis'))
      problems.push(`${where}: a consumer keeps its state in Redis, so it must have uses: [redis].`)
    if (isForwarder && !uses.includes('redis'))
      problems.push(`${where}: a forwarder keeps its cursors in Redis, so it must have uses: [redis].`)
    if (isForwarder && !schedule)
      problems.push(`${where}: a schedule wakes a forwarder, so it must have one.`)
    if (isForwarder && isConsumer(declared))
      problems.push(`${where}: a function either consumes or forwards, not both.`)
    return problems
  })
}
