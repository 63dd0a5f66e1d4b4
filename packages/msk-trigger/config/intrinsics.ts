import { isObject } from '../support/values.ts'
import {
  type AccountRegion,
  nameResource,
  partitionOf,
  type ResourceProperty,
  type ResourceType,
  TYPES,
  urlSuffixOf,
} from './resource-types.ts'

/** Values of a CloudFormation stack that are known locally. */
export interface IntrinsicContext extends AccountRegion {
  /** `resources.Resources`. A resource can be resolved only if its properties contain its name. */
  readonly resources: Readonly<Record<string, unknown>>
  readonly stage: string
  readonly stackName?: string
  readonly imports?: Readonly<Record<string, string>>
}

export const NOTHING_KNOWN: IntrinsicContext = { resources: {}, region: '', stage: '', accountId: '' }

type NestedContext = IntrinsicContext & {
  /** Ids of the resources whose names are currently being resolved. Used to detect circular references. */
  readonly within: readonly string[]
}

const PSEUDO_PARAMETERS: Readonly<Record<string, (context: IntrinsicContext) => string | undefined>> = {
  'AWS::AccountId': ({ accountId }) => accountId,
  'AWS::Partition': partitionOf,
  'AWS::Region': ({ region }) => region,
  'AWS::StackName': ({ stackName }) => stackName,
  'AWS::URLSuffix': urlSuffixOf,
}

const FUNCTIONS: Readonly<Record<string, (argument: unknown, known: NestedContext) => unknown>> = {
  Ref: (id, known) => (typeof id === 'string' ? reference(id, known) : undefined),
  'Fn::GetAtt': (argument, known) => {
    const [id, attribute] = idAndAttribute(argument)
    return id !== undefined && attribute !== undefined ? attributeOf(id, attribute, known) : undefined
  },
  'Fn::ImportValue': (argument, known) => {
    const name = resolve(argument, known)
    return typeof name === 'string' ? own(known.imports ?? {}, name) : undefined
  },
  'Fn::Join': join,
  'Fn::Select': (argument, known) => {
    const [index, list] = listOf(resolve(argument, known))
    return Array.isArray(list) ? list[Number(index)] : undefined
  },
  'Fn::Split': (argument, known) => {
    const [separator, text] = listOf(resolve(argument, known))
    return typeof separator === 'string' && typeof text === 'string' ? text.split(separator) : undefined
  },
  'Fn::Sub': substitute,
}

/**
 * Replaces the intrinsic functions in a value by their results. Supports `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::Select`,
 * `Fn::Split`, and `Fn::ImportValue` for the given imports. A value without intrinsic functions is returned unchanged. Returns
 * undefined if a part can be resolved only by CloudFormation, such as a condition or the name of a resource that has none in the
 * template.
 */
export function resolveIntrinsics(value: unknown, context: IntrinsicContext): unknown {
  return resolve(value, { ...context, within: [] })
}

export function isIntrinsic(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false
  const [name = '', ...others] = Object.keys(value)
  return others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))
}

/** Returns the logical id of the resource in a reference: `Ref: Queue`, `Fn::GetAtt: [Queue, Arn]` or `Fn::GetAtt: Queue.Arn`. */
export function referredResource(value: unknown): string | undefined {
  if (!isObject(value)) return undefined
  return typeof value.Ref === 'string' ? value.Ref : idAndAttribute(value['Fn::GetAtt'])[0]
}

function resolve(value: unknown, known: NestedContext): unknown {
  if (Array.isArray(value)) return allOf(value.map(item => resolve(item, known)))
  if (!isObject(value)) return value
  if (isIntrinsic(value)) {
    const [[name, argument] = ['', undefined]] = Object.entries(value)
    return own(FUNCTIONS, name)?.(argument, known)
  }
  const values = allOf(Object.values(value).map(item => resolve(item, known)))
  return values && Object.fromEntries(Object.keys(value).map((key, index) => [key, values[index]]))
}

function reference(id: string, known: NestedContext): unknown {
  const pseudo = own(PSEUDO_PARAMETERS, id)
  return pseudo ? pseudo(known) : partOf(id, ({ ref }) => ref, known)
}

function attributeOf(id: string, attribute: string, known: NestedContext): unknown {
  return partOf(id, ({ attributes }) => own(attributes, attribute), known)
}

function partOf(
  id: string,
  part: (type: ResourceType) => ResourceProperty | undefined,
  known: NestedContext,
): unknown {
  const resource = own(known.resources, id)
  const type = isObject(resource) ? own(TYPES, String(resource.Type)) : undefined
  if (!isObject(resource) || !type || known.within.includes(id)) return undefined
  const properties = isObject(resource.Properties) ? resource.Properties : {}
  const name = resolve(properties[type.name], { ...known, within: [...known.within, id] })
  if (typeof name !== 'string' || name === '') return undefined
  const wanted = part(type)
  return wanted && nameResource(type, name, wanted, known)
}

function join(argument: unknown, known: NestedContext): unknown {
  const [separator, list] = listOf(resolve(argument, known))
  const isJoinable = typeof separator === 'string' && Array.isArray(list) && list.every(isScalar)
  return isJoinable ? list.join(separator) : undefined
}

/** Resolves `Fn::Sub: text` and `Fn::Sub: [text, { variable: value }]`. `${!Name}` becomes the literal `${Name}`. */
function substitute(argument: unknown, known: NestedContext): unknown {
  const [text, variables] = Array.isArray(argument) ? argument : [argument]
  if (typeof text !== 'string') return undefined
  let isKnown = true
  const replaced = text.replace(/\$\{(!?)([^{}]+)\}/g, (_, isLiteral: string, name: string) => {
    if (isLiteral) return `\${${name}}`
    const value = variable(name.trim(), isObject(variables) ? variables : {}, known)
    isKnown &&= isScalar(value)
    return String(value)
  })
  return isKnown ? replaced : undefined
}

function variable(name: string, variables: Readonly<Record<string, unknown>>, known: NestedContext): unknown {
  if (Object.hasOwn(variables, name)) return resolve(variables[name], known)
  const [id = '', attribute] = idAndAttribute(name)
  return attribute === undefined ? reference(id, known) : attributeOf(id, attribute, known)
}

function idAndAttribute(argument: unknown): readonly (string | undefined)[] {
  const parts = typeof argument === 'string' ? /^([^.]*)(?:\.(.*))?$/.exec(argument)?.slice(1) : argument
  return listOf(parts).map(part => (typeof part === 'string' ? part : undefined))
}

function allOf(values: readonly unknown[]): readonly unknown[] | undefined {
  return values.includes(undefined) ? undefined : values
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Returns the value of an own key of the map, ignoring inherited ones. */
function own<Value>(map: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}
