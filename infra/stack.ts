/** Merges the parts in `stack/` into the template of the long-lived stack, as Terraform merges the files of a folder. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { Stage } from './stages.ts'

type Entries = Readonly<Record<string, unknown>>

/** A parsed file of `stack/`. */
export interface StackPart {
  readonly file: string
  readonly content: unknown
}

/** A parameter of a CloudFormation template. */
interface StackParameter {
  readonly Type: string
  readonly Default?: string | number
  readonly AllowedPattern?: string
  readonly AllowedValues?: readonly (string | number)[]
  readonly MinValue?: number
  readonly MaxValue?: number
  readonly Description: string
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
  readonly Parameters: Readonly<Record<string, StackParameter>>
  readonly Rules: Entries
  readonly Conditions: Entries
  readonly Resources: Readonly<Record<string, StackResource>>
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string }>>
}

const SECTIONS = ['Parameters', 'Rules', 'Conditions', 'Resources', 'Outputs'] as const

/** Maximum size in bytes of a template that is passed to CloudFormation directly. Larger templates require a bucket. */
export const MAX_TEMPLATE_BYTES = 51_200

/**
 * Merges all parts into one template. Parts may repeat parameters of other parts, so that each part is a complete template.
 *
 * @throws Error that names both files, if two parts define the same name differently
 */
export function stackTemplate(parts: readonly StackPart[], stage: Pick<Stage, 'keepsData'>): StackTemplate {
  if (parts.length === 0) throw new Error('infra/stack contains no files.')
  const sections = Object.fromEntries(SECTIONS.map(section => [section, merged(section, parts)]))
  const resources = sections.Resources as Record<string, StackResource>
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Long-lived resources of Sluice: network, brokers, cache, bucket, keys and topic.',
    ...sections,
    Resources: stage.keepsData ? resources : mapValues(resources, withoutKeeping),
  } as StackTemplate
}

function merged(section: string, parts: readonly StackPart[]): Entries {
  const owners = new Map<string, string>()
  const all: Record<string, unknown> = {}
  for (const { file, content } of parts)
    for (const [name, value] of Object.entries(sectionOf(section, file, content))) {
      const same = section === 'Parameters' && isDeepStrictEqual(all[name], value)
      if (owners.has(name) && !same)
        throw new Error(`${section}.${name} is defined differently in ${owners.get(name)} and ${file}.`)
      owners.set(name, file)
      all[name] = value
    }
  return all
}

function sectionOf(section: string, file: string, content: unknown): Entries {
  const known = content as Readonly<Record<string, Entries | null>> | undefined
  for (const key of Object.keys(known ?? {}))
    if (!(SECTIONS as readonly string[]).includes(key))
      throw new Error(`${file} has the unknown section ${key}. Allowed sections are ${SECTIONS.join(', ')}.`)
  return known?.[section] ?? {}
}

/** Removes the deletion policies, for stages that do not retain their data. */
function withoutKeeping(resource: StackResource): StackResource {
  const { DeletionPolicy, UpdateReplacePolicy } = resource
  return {
    ...resource,
    ...(DeletionPolicy ? { DeletionPolicy: 'Delete' } : {}),
    ...(UpdateReplacePolicy ? { UpdateReplacePolicy: 'Delete' } : {}),
  }
}

/** Returns the parameters whose values follow from the stage. */
export function parametersOf(name: string, stage: Stage): Record<string, string> {
  return {
    Env: name,
    ClusterKind: stage.cluster,
    LogRetentionDays: String(stage.logRetentionDays),
    EndpointZones: stage.endpointZones,
    Pollers: stage.pollers,
  }
}

/** Returns errors in the parameters that the user has set. An error begins with the parameter's name. */
export function parameterProblems(
  template: Pick<StackTemplate, 'Parameters'>,
  set: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(set).flatMap(([name, value]) => {
    const parameter = Object.hasOwn(template.Parameters, name) ? template.Parameters[name] : undefined
    if (parameter === undefined) {
      const known = Object.keys(template.Parameters).filter(one => one !== 'Env')
      return [`${name}: is not a parameter of the stack. The parameters are ${known.join(', ')}.`]
    }
    const wrong = wrongWith(parameter, value)
    return wrong === undefined ? [] : [`${name}: must be ${wrong}.`]
  })
}

function wrongWith(parameter: StackParameter, value: string): string | undefined {
  const { Type, AllowedPattern, AllowedValues, MinValue = -Infinity, MaxValue = Infinity } = parameter
  if (AllowedValues && !AllowedValues.some(allowed => String(allowed) === value))
    return `one of ${AllowedValues.join(', ')}`
  const fits = Number(value) >= MinValue && Number(value) <= MaxValue && value.trim() !== ''
  if (Type === 'Number' && !fits) return `a number from ${MinValue} to ${MaxValue}`
  if (AllowedPattern && !new RegExp(AllowedPattern).test(value))
    return `text of the form ${AllowedPattern} (${parameter.Description.replace(/\.$/, '')})`
  return undefined
}

function mapValues<Value>(
  entries: Readonly<Record<string, Value>>,
  change: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, change(value)]))
}
