/** Merges the parts beside this file into the template of the long-lived stack, as Terraform merges the files of a folder. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { dump } from 'js-yaml'
import type { HistoryTable } from '../../lib/history/index.ts'
import { PROJECT } from '../../scripts/paths.ts'
import type { Stage } from '../place/stages.ts'
import { loadCloudFormation } from './cloudformation-yaml.ts'

type Entries = Readonly<Record<string, unknown>>

/** A parsed part. */
interface StackPart {
  readonly file: string
  readonly content: unknown
}

interface StackResource {
  readonly Type: string
  readonly Condition?: string
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
  readonly UpdatePolicy?: Entries
  readonly Properties?: Entries
}

export interface StackTemplate {
  readonly AWSTemplateFormatVersion: '2010-09-09'
  readonly Description: string
  readonly Parameters: Readonly<Record<string, { readonly Default?: string | number }>>
  readonly Rules: Entries
  readonly Conditions: Entries
  readonly Resources: Readonly<Record<string, StackResource>>
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string }>>
}

const SECTIONS = ['Parameters', 'Rules', 'Conditions', 'Resources', 'Outputs'] as const

const PARTS = import.meta.dirname

/** Maximum size in bytes of a template that is passed to CloudFormation directly. Larger templates require a bucket. */
export const MAX_TEMPLATE_BYTES = 51_200

/** Days after which the objects of a table of history are deleted. Tables without a value are kept. */
type HistoryRetention = ReadonlyMap<HistoryTable, number>

/** Returns the template of the long-lived stack for a stage. @param retention retention of history, from HISTORY_RETENTION */
export async function readStackTemplate(
  stage: Pick<Stage, 'keepsData'>,
  retention: HistoryRetention = new Map(),
): Promise<StackTemplate> {
  const files = (await readdir(PARTS)).filter(name => name.endsWith('.yaml')).sort()
  const parts = await Promise.all(
    files.map(async name => {
      const file = relative(PROJECT, join(PARTS, name))
      return { file, content: loadCloudFormation(await readFile(join(PARTS, name), 'utf8'), file) }
    }),
  )
  return mergeParts(parts, stage, retention)
}

/**
 * Merges all parts into one template. Parts may repeat parameters of other parts, so that each part is a complete template.
 *
 * @throws Error that names both files, if two parts define the same name differently
 */
function mergeParts(
  parts: readonly StackPart[],
  { keepsData }: Pick<Stage, 'keepsData'>,
  retention: HistoryRetention = new Map(),
): StackTemplate {
  const sections = Object.fromEntries(SECTIONS.map(section => [section, mergeSection(section, parts)]))
  const resources = Object.entries(sections.Resources as Record<string, StackResource>)
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Long-lived resources of Sluice: network, brokers, cache, bucket, keys and topic.',
    ...sections,
    Resources: Object.fromEntries(
      resources.map(([id, one]) => {
        const resource = id === BUCKET ? addExpiry(one, retention) : one
        return [id, keepsData ? resource : removeDeletionPolicies(resource)]
      }),
    ),
  } as StackTemplate
}

function mergeSection(section: string, parts: readonly StackPart[]): Entries {
  const owners = new Map<string, string>()
  const all: Record<string, unknown> = {}
  for (const { file, content } of parts)
    for (const [name, value] of Object.entries(
      (content as Record<string, Entries | undefined>)[section] ?? {},
    )) {
      const same = section === 'Parameters' && isDeepStrictEqual(all[name], value)
      if (owners.has(name) && !same)
        throw new Error(`${section}.${name} is defined differently in ${owners.get(name)} and ${file}.`)
      owners.set(name, file)
      all[name] = value
    }
  return all
}

/** Logical id of the bucket of history in `history.yaml`. */
const BUCKET = 'History'

/**
 * Adds a rule of expiry for each table to the bucket. S3 counts from the time at which an object was written, so a rule deletes rows
 * at the earliest when they are due.
 */
function addExpiry(bucket: StackResource, retention: HistoryRetention): StackResource {
  const lifecycle = bucket.Properties?.LifecycleConfiguration as
    | { readonly Rules: readonly object[] }
    | undefined
  const rules = [...retention].map(([table, days]) => ({
    Id: table.replaceAll('_', '-'),
    Status: 'Enabled',
    Prefix: `${table}/`,
    ExpirationInDays: days,
  }))
  return {
    ...bucket,
    Properties: {
      ...bucket.Properties,
      LifecycleConfiguration: { Rules: [...(lifecycle?.Rules ?? []), ...rules] },
    },
  }
}

/** Removes the deletion policies, for stages that do not retain their data. */
function removeDeletionPolicies(resource: StackResource): StackResource {
  const { DeletionPolicy, UpdateReplacePolicy } = resource
  return {
    ...resource,
    ...(DeletionPolicy ? { DeletionPolicy: 'Delete' } : {}),
    ...(UpdateReplacePolicy ? { UpdateReplacePolicy: 'Delete' } : {}),
  }
}

/**
 * Returns the parameters whose values follow from the stage. A stack keeps its kind of cluster and its brokers.
 *
 * @param deployed parameters of the stack; empty if there is none
 */
export function buildParameters(
  name: string,
  stage: Stage,
  deployed: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const { ClusterKind = 'provisioned' } = deployed
  // In a stack without brokers, these parameters have the template's defaults.
  const { BrokerType, BrokerStorageGiB } = ClusterKind === 'provisioned' ? deployed : {}
  return {
    Env: name,
    ClusterKind,
    BrokerType: BrokerType ?? stage.brokerType,
    BrokerStorageGiB: BrokerStorageGiB ?? String(stage.brokerStorageGiB),
    LogRetentionDays: String(stage.logRetentionDays),
    EndpointZones: stage.endpointZones,
    Pollers: stage.pollers,
  }
}

/**
 * Formats a template for review and for CloudFormation. Deeply nested values are written on one line, and others are
 * indented by one space, to stay below CloudFormation's size limit.
 */
export function formatTemplate(template: StackTemplate): string {
  return dump(template, { noRefs: true, lineWidth: 130, flowLevel: 4, indent: 1 })
}
