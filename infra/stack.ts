/** The template of the long-lived stack, from the parts in `stack/`, as a folder of Terraform is one configuration. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { Stage } from './stages.ts'

type Entries = Readonly<Record<string, unknown>>

/** A file of `stack/`, parsed. */
export interface StackPart {
  readonly file: string
  readonly content: unknown
}

/** A parameter of the template, as CloudFormation takes it. */
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

/** Largest template that CloudFormation takes from a command, in bytes; a larger one needs a bucket. */
export const MAX_TEMPLATE_BYTES = 51_200

/**
 * All parts as one template. A part may repeat a parameter of another one, so that it is a template by itself.
 *
 * @throws Error naming both files where two parts have different things of one name
 */
export function stackTemplate(parts: readonly StackPart[], stage: Pick<Stage, 'keepsData'>): StackTemplate {
  if (parts.length === 0) throw new Error('The stack has no part: there is no file in infra/stack.')
  const sections = Object.fromEntries(SECTIONS.map(section => [section, merged(section, parts)]))
  const resources = sections.Resources as Record<string, StackResource>
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      'Resources that outlive the deployments of Sluice: network, brokers, cache, bucket, keys and topic.',
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
        throw new Error(`${section}.${name} is in ${owners.get(name)} and, with another content, in ${file}.`)
      owners.set(name, file)
      all[name] = value
    }
  return all
}

function sectionOf(section: string, file: string, content: unknown): Entries {
  const known = content as Readonly<Record<string, Entries | null>> | undefined
  for (const key of Object.keys(known ?? {}))
    if (!(SECTIONS as readonly string[]).includes(key))
      throw new Error(`${file} has the section ${key}: a part has ${SECTIONS.join(', ')}, and no others.`)
  return known?.[section] ?? {}
}

/** The parts say what is kept in a stage that keeps its data; a stage that does not deletes all with its stack. */
function withoutKeeping(resource: StackResource): StackResource {
  const { DeletionPolicy, UpdateReplacePolicy } = resource
  return {
    ...resource,
    ...(DeletionPolicy ? { DeletionPolicy: 'Delete' } : {}),
    ...(UpdateReplacePolicy ? { UpdateReplacePolicy: 'Delete' } : {}),
  }
}

/** The parameters that follow from a stage of the table. */
export function parametersOf(name: string, stage: Stage): Record<string, string> {
  return {
    Env: name,
    ClusterKind: stage.cluster,
    LogRetentionDays: String(stage.logRetentionDays),
    EndpointZones: stage.endpointZones,
    Pollers: stage.pollers,
  }
}

/** Returns errors of the parameters that a person has set; a sentence each, which begins with the parameter's name. */
export function parameterProblems(
  template: Pick<StackTemplate, 'Parameters'>,
  set: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(set).flatMap(([name, value]) => {
    const parameter = Object.hasOwn(template.Parameters, name) ? template.Parameters[name] : undefined
    if (parameter === undefined) {
      const known = Object.keys(template.Parameters).filter(one => one !== 'Env')
      return [`${name}: the stack has no such parameter. It has ${known.join(', ')}.`]
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
