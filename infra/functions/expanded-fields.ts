/** Expands entries of serverless.yml to fields of the Serverless Framework. Pure. */
import {
  type DeclaredFunction,
  listEmitters,
  listTriggerTopics,
  readsInputRedrives,
  selectInputs,
  type TriggerTopic,
} from '../../control/environment/functions.ts'
import { toFolderVariable } from '../place/config-folders.ts'
import type { NamedPlace, Place } from '../place/place.ts'
import { toRoleId } from '../roles/roles.ts'
import { listUses, USES, type Variables } from '../roles/uses.ts'
import { buildPollerFields } from './pollers.ts'
import { computeRetryFields, type RetryFields } from './schedule-retries.ts'

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
export function expandFields(
  declared: DeclaredFunction,
  all: readonly DeclaredFunction[],
  place: NamedPlace,
): ExpandedFields {
  const { name, schedule } = declared
  const { folders } = place
  const used = listUses(declared)
  const read = used.flatMap(({ folder }) => folder ?? [])
  const emitters = listEmitters(declared, all, place)
  const environment = {
    ...(emitters.length > 0 ? { EMITTERS: emitters.join(',') } : {}),
    ...Object.assign({}, ...read.map(folder => toFolderVariable(folder, folders))),
    ...Object.assign({}, ...used.map(({ variables }) => variables?.(place, all))),
  }
  const patterns = read.flatMap(folder => folders[folder].patterns)
  return {
    role: toRoleId(name),
    // At most one run at a time: concurrent runs would append the same records twice.
    ...(schedule ? { reservedConcurrency: 1 } : {}),
    ...(schedule ? computeRetryFields(schedule.expression) : {}),
    ...(patterns.length > 0 ? { package: { patterns } } : {}),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
    events: [
      ...listTriggerTopics(declared, place, place.inputs).map(read => buildKafkaEvent(declared, read, place)),
      ...(schedule ? [buildScheduleEvent(schedule, place)] : []),
    ],
  }
}

/**
 * Returns the Kafka event source of a function. It must not use properties that filter or discard records: see the rules of the
 * applied offset in docs/guarantees.md.
 */
function buildKafkaEvent(declared: DeclaredFunction, { topic, group }: TriggerTopic, place: Place): object {
  const { reading } = declared
  return {
    msk: {
      arn: place.clusterArn,
      topic,
      consumerGroupId: group,
      startingPosition: 'TRIM_HORIZON',
      batchSize: reading.batchSize,
      maximumBatchingWindow: reading.maximumBatchingWindow,
      ...buildPollerFields(declared, place),
      ...buildSignIn(place),
    },
  }
}

/**
 * Returns the event source fields for authentication. They are empty if the mapping authenticates with the role of the function.
 */
function buildSignIn({ kafkaSecrets }: Place): { readonly saslScram512?: string } {
  const { auth, secret } = kafkaSecrets ?? {}
  return auth === 'scram-sha-512' && secret !== undefined ? { saslScram512: secret } : {}
}

function buildScheduleEvent(
  { expression, condition }: NonNullable<DeclaredFunction['schedule']>,
  { schedules }: Place,
): object {
  return { schedule: { rate: [expression], enabled: schedules[condition] } }
}

/**
 * Returns whether a function is deployed. Functions of history are deployed only with a bucket, and `storage` only with STORAGE_URL. A
 * function for inputs is deployed only if there are any; a person's machine has it always, because inputs can be added there while it
 * runs.
 */
export function isDeployed(
  declared: Pick<DeclaredFunction, 'uses' | 'consumes' | 'inputs'>,
  { historyBucket, hasStorage, isOnThisMachine, inputs }: Place,
): boolean {
  const { uses, inputs: selection } = declared
  const isIdle = readsInputRedrives(declared)
    ? inputs.length === 0
    : selection !== undefined && selectInputs(selection, inputs).length === 0
  if (isIdle && !isOnThisMachine) return false
  const isThere = { history: historyBucket !== undefined, storage: hasStorage }
  const needs = uses.flatMap(word => USES[word]?.needs ?? [])
  return needs.every(need => isThere[need])
}
