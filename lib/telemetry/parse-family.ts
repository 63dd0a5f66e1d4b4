/**
 * Reads and strictly validates the files of families. A misspelled key must be an error, because readings would otherwise be refused
 * or not evaluated. All errors are reported at once. Pure.
 */
import { attributeViolation } from '#runtime/cloudevents/index.ts'
import type { SchemaViolation } from '../schemas/compiled.js'
import validators from '../schemas/compiled-family.js'
import { EVENT_TYPES } from '../schemas/event-types.ts'
import { parseDuration } from '../support/duration.ts'
import {
  describeErrors,
  type FilePath,
  InvalidFile,
  keepInnermost,
  type LocatedError,
  locateErrors,
  type PathError,
  parseJsonPointer,
} from '../support/file-errors.ts'
import { suggestion, unknownKey } from '../support/suggestion.ts'
import { yamlDocument } from '../support/yaml-document.ts'
import { positionsIn } from '../support/yaml-positions.ts'
import {
  listEntityFields,
  listFields,
  listTemplateFields,
  type RawFamily,
  resolveField,
  toWholeState,
} from './family-file.ts'
import { UNIT_NAMES, unitNamed } from './unit-table.ts'

export interface FamilyFile {
  /** Name of the file in error messages. */
  readonly file: string
  readonly text: string
}

/** Numbers of the fields that are not in the list `protobuf` begin here, see `family-schema.ts`. */
const MAX_FIELDS = 90
const MAX_METRICS = 1_000
const MAX_STATES = 100

/** Keys of rules, of their tests, and of the columns of tables, beside which dimensions are keys. */
export const NO_DIMENSIONS: ReadonlySet<string> = new Set([
  ...['entity', 'tags', 'columns', 'at', 'id', 'event', 'table', 'tick', 'rules'],
  ...['family', 'metric', 'value', 'values', 'unit', '__proto__'],
])

/**
 * Reads the files of all families.
 *
 * @param org organisation in the default types
 * @throws InvalidFile with all errors of all files; for text that is not valid YAML, with its first syntax error
 */
export function readFamilies(files: readonly FamilyFile[], org: string): readonly RawFamily[] {
  const read = files.map(file => readFamily(file, org))
  const families = read.flatMap(({ family }) => family ?? [])
  const errors = [...read.flatMap(({ errors }) => errors), ...findRepeated(read)]
  if (errors.length > 0) throw new InvalidFile('the families have errors:', errors)
  return families
}

interface ReadFile {
  readonly file: FamilyFile
  readonly family?: RawFamily
  readonly errors: readonly LocatedError[]
}

function readFamily(file: FamilyFile, org: string): ReadFile {
  const yaml = yamlDocument(file.text)
  if ('message' in yaml) return { file, errors: [{ file: file.file, ...yaml }] }
  const errors = [...schemaErrors(yaml.content)]
  const raw = yaml.content as RawFamily
  if (errors.length === 0) errors.push(...contradictions(raw))
  if (errors.length > 0) return { file, errors: locateErrors(errors, file.file, positionsIn(file.text)) }
  return { file, family: { ...raw, type: raw.type ?? `io.${org}.${raw.family}.reading.v1` }, errors: [] }
}

/** Returns an error for each name or type that an earlier file has. */
function findRepeated(read: readonly ReadFile[]): LocatedError[] {
  return (['family', 'type'] as const).flatMap(key => {
    const owners = new Map<string, string>()
    return read.flatMap(({ file: { file, text }, family }) => {
      if (family === undefined) return []
      const owner = owners.get(family[key])
      owners.set(family[key], owner ?? file)
      const message = `${family[key]} is also the ${key === 'family' ? 'name' : 'type'} of the family in ${owner}`
      return owner === undefined ? [] : locateErrors([{ path: [key], message }], file, positionsIn(text))
    })
  })
}

/** Returns the schema violations, at most one per path, the innermost ones. */
function schemaErrors(content: unknown): readonly PathError[] {
  const validate = validators['io.sluice.family.v1']
  if (validate === undefined) throw new Error('lib/schemas/compiled-family.js has no family')
  if (validate(content)) return []
  return keepInnermost(
    describeErrors(validate.errors ?? [], violation => describeViolation(violation, content)),
  )
}

const KEYS =
  'a family has family, type, description, entity, keys, keyedBy, dimensions, fields, metrics, others, states, tags, silentAfter, changesOf, fallenWhen, restartWhen, protobuf'

const KNOWN: Readonly<Record<string, string>> = {
  entity: 'the entity has source, subject',
  keys: 'keys has instance, type, tenant',
  fields: 'a field has type, required, min, max, description',
  metrics: 'a metric has unit, type, min, max, description',
  states: 'a state has values, description',
  fallenWhen: 'fallenWhen has is, lasts, through',
  restartWhen: 'restartWhen has memory, falls, within, cpu, below',
}

function describeViolation({ instancePath, keyword, params }: SchemaViolation, content: unknown): PathError {
  const path = parseJsonPointer(instancePath, content)
  if (keyword === 'required') return { path, message: `needs the key ${params.missingProperty}` }
  if (keyword !== 'additionalProperties') return { path, message: `must be ${expectedAt(path)}` }
  const key = String(params.additionalProperty)
  return { path: [...path, key], message: unknownKey(key, KNOWN[String(path[0])] ?? KEYS) }
}

const EXPECTED: Readonly<Record<string, string>> = {
  family: 'a name of small letters, digits and single hyphens, such as greenhouse',
  type: 'a type with a version, such as io.example.greenhouse.reading.v1',
  source: 'a path that starts with /, such as /greenhouse/{house}',
  keyedBy: 'instance, type or tenant',
  others: 'numbers',
  tags: 'a list of tags',
  values: 'any, or a list of texts',
  required: 'true or false',
  min: 'a number',
  max: 'a number',
  falls: 'a number above 0',
  below: 'a number',
  protobuf: 'a list of at most 99 names',
}

function expectedAt(path: FilePath): string {
  const key = path.at(-1)
  if (path.length === 0) return 'a mapping with the keys family and entity'
  if (path.length === 3 && key === 'type')
    return path[0] === 'metrics' ? 'number or integer' : 'text or number'
  if (path.length === 2 && path[0] === 'states') return EXPECTED.values as string
  if (path.length === 2 && (path[0] === 'fields' || path[0] === 'metrics'))
    return `a mapping: ${KNOWN[path[0]]}`
  if (typeof key === 'string' && Object.hasOwn(EXPECTED, key)) return EXPECTED[key] as string
  return path.length === 1 && Object.hasOwn(KNOWN, String(key)) ? 'a mapping' : 'a text'
}

/** Returns the errors that the schema cannot express. */
function contradictions(raw: RawFamily): PathError[] {
  return [
    ...typeErrors(raw),
    ...templateErrors(raw),
    ...nameErrors(raw),
    ...metricErrors(raw),
    ...dimensionErrors(raw),
    ...activityErrors(raw),
    ...protobufErrors(raw),
  ]
}

function typeErrors({ type }: Partial<RawFamily>): PathError[] {
  if (type === undefined || !Object.hasOwn(EVENT_TYPES, type)) return []
  return [{ path: ['type'], message: `${type} is the type of events that are not readings` }]
}

function templateErrors(raw: RawFamily): PathError[] {
  const templates = [
    ...Object.entries(raw.entity).map(([key, template]) => [['entity', key], template] as const),
    ...Object.entries(raw.keys ?? {}).map(([key, template]) => [['keys', key], template] as const),
  ]
  return templates.flatMap(([path, template]) => {
    const fields = listTemplateFields(template)
    const message =
      describeForm(path[1], template) ??
      fields
        .map(
          field =>
            describeTextField(raw, field, path[0] === 'entity') ??
            (path[0] === 'keys' ? describeOptional(raw, field) : undefined),
        )
        .find(Boolean)
    return message === undefined ? [] : [{ path, message }]
  })
}

/** Returns what is wrong with a template apart from the names of its fields; undefined if nothing is. */
function describeForm(key: string | undefined, template: string): string | undefined {
  const filled = template.replaceAll(/\{[^{}]*\}/g, 'x')
  if (/[{}]/.test(filled)) return 'has a brace without its counterpart'
  if (template.includes('}{'))
    return 'must have a text between two fields: otherwise two entities could have the same one'
  if (key === 'subject' && !template.includes('{'))
    return 'must have a field in braces, such as {device}: all readings would be of one entity'
  if (key !== 'source') return undefined
  const attributes = { specversion: '1.0', id: 'x', type: 'x', source: filled }
  return attributeViolation(new Map(Object.entries(attributes))) === undefined
    ? undefined
    : 'must be a URI reference: percent-encode spaces and letters that are not ASCII'
}

function describeOptional(raw: RawFamily, name: string): string | undefined {
  return listFields(raw).get(resolveField(raw, name))?.required === false
    ? `{${name}} must be required, because every reading needs a key`
    : undefined
}

/** Returns what is wrong with a field that must be a text; undefined if nothing is. @param isDeclared true if the template itself declares the field */
function describeTextField(raw: RawFamily, name: string, isDeclared: boolean): string | undefined {
  const path = resolveField(raw, name)
  if (!isPath(path))
    return `{${name}} is not the name of a field: use letters, digits and _, such as {location.site}`
  if (Object.hasOwn(raw.metrics ?? {}, path)) return `{${name}} is a metric, but must be a text`
  if (Object.hasOwn(raw.states ?? {}, path)) return `{${name}} is a state, which changes, but must be a field`
  if (raw.fields?.[path]?.type === 'number') return `{${name}} is a number, but must be a text`
  if (raw.fields?.[path]?.required === false && isDeclared)
    return `{${name}} must not be optional, because every entity needs it`
  if (isDeclared || path.startsWith('tags.') || listFields(raw).has(path)) return undefined
  const known = [...listFields(raw).keys(), ...(raw.tags ?? [])]
  return `{${name}} is not a field.${suggestion(name, known) ?? ` Fields are ${known.join(', ')} and tags.NAME`}`
}

/** Returns whether a text is the path of a field: one name, or two that are joined by a dot. */
function isPath(path: string): boolean {
  return /^(?!(.+[.])?__proto__([.]|$))[A-Za-z_]\w{0,63}([.][A-Za-z_][\w-]{0,63})?$/.test(path)
}

/** Returns errors for names that two parts of the data would have. */
function nameErrors(raw: RawFamily): PathError[] {
  const owners = new Map([
    ['unit', 'the unit of a reading'],
    ['tags', 'the tags of a reading'],
  ])
  const errors: PathError[] = []
  for (const path of listFields(raw).keys()) {
    const [outer = path, inner] = path.split('.')
    const at = Object.hasOwn(raw.fields ?? {}, path) ? ['fields', path] : ['entity']
    const other = owners.get(outer)
    if (!isPath(path))
      errors.push({ path: at, message: 'must be a name, or two names that are joined by a dot' })
    else if (other !== undefined && (inner === undefined || other !== `an object with fields`))
      errors.push({ path: at, message: `${outer} is also ${other}` })
    owners.set(outer, inner === undefined ? 'a field' : 'an object with fields')
  }
  for (const kind of ['metrics', 'states'] as const)
    for (const name of Object.keys(raw[kind] ?? {})) {
      const other = owners.get(name)
      if (!isPath(name) || name.includes('.'))
        errors.push({ path: [kind, name], message: 'must be a name of letters, digits and _' })
      // A template that names a metric is an error of the template.
      else if (other !== undefined && !listEntityFields(raw).includes(name))
        errors.push({ path: [kind, name], message: `is also ${other}` })
      owners.set(name, kind === 'metrics' ? 'a metric' : 'a state')
    }
  return errors
}

function metricErrors({ metrics = {}, states = {}, fields = {}, others }: RawFamily): PathError[] {
  const isEmpty = Object.keys(metrics).length + Object.keys(states).length === 0
  const bounded = [...Object.entries(metrics), ...Object.entries(fields)]
  return [
    ...(isEmpty && others === undefined
      ? [{ path: [], message: 'nothing is measured: there must be metrics, states, or others: numbers' }]
      : []),
    ...(Object.keys(metrics).length > MAX_METRICS || Object.keys(fields).length > MAX_FIELDS
      ? [{ path: ['metrics'], message: `there are at most ${MAX_METRICS} metrics and ${MAX_FIELDS} fields` }]
      : []),
    ...(Object.keys(states).length > MAX_STATES
      ? [{ path: ['states'], message: `there are at most ${MAX_STATES} states` }]
      : []),
    ...Object.entries(metrics).flatMap(([metric, settings]) => {
      const unit = settings?.unit ?? ''
      if (unit === '' || unitNamed(unit) !== undefined) return []
      const message = `unknown unit.${suggestion(unit, UNIT_NAMES) ?? ' Leave it out, or use one of docs/readings.md'}`
      return [{ path: ['metrics', metric, 'unit'], message }]
    }),
    ...bounded.flatMap(([name, settings]) =>
      settings?.min !== undefined && settings.max !== undefined && settings.min > settings.max
        ? [
            {
              path: [Object.hasOwn(metrics, name) ? 'metrics' : 'fields', name, 'max'],
              message: 'is below min',
            },
          ]
        : [],
    ),
  ]
}

function dimensionErrors(raw: RawFamily): PathError[] {
  const ofSource = listTemplateFields(raw.entity.source)
  const names = [
    ...ofSource.map(field => [['entity', 'source'], field.slice(field.lastIndexOf('.') + 1)] as const),
    ...(raw.tags ?? []).map((tag, index) => [['tags', index], tag] as const),
    ...Object.keys(raw.dimensions ?? {}).map(name => [['dimensions', name], name] as const),
  ]
  const reserved = names.flatMap(([path, name]) =>
    NO_DIMENSIONS.has(name)
      ? [{ path, message: `${name} is a key of rules and tables, so no dimension can have this name` }]
      : [],
  )
  const ofFields = Object.entries(raw.dimensions ?? {}).flatMap(([name, field]) => {
    const message = describeTextField(raw, field, false)
    return message === undefined
      ? []
      : [{ path: ['dimensions', name], message: message.replace(/[{}]/g, '') }]
  })
  return [...reserved, ...ofFields]
}

function activityErrors(raw: RawFamily): PathError[] {
  const { silentAfter, changesOf, fallenWhen, restartWhen, metrics = {}, states = {} } = raw
  const named = (path: FilePath, name: string | undefined, known: object, kind: string) =>
    name === undefined || Object.hasOwn(known, name)
      ? []
      : [{ path, message: `${name} is not a ${kind}.${suggestion(name, Object.keys(known)) ?? ''}` }]
  const lasting = (path: FilePath, text: string | undefined) =>
    text === undefined || (parseDuration(text) ?? 0) > 0
      ? []
      : [{ path, message: 'must be a duration such as 90s, 5m or 1h' }]
  const state = changesOf === undefined ? undefined : states[changesOf]
  const { values = 'any' } = state === undefined ? {} : toWholeState(state)
  const ofFall = [fallenWhen?.is ?? [], fallenWhen?.through ?? []].flat()
  const unknown = values === 'any' ? undefined : ofFall.find(value => !values.includes(value))
  return [
    ...lasting(['silentAfter'], silentAfter),
    ...named(['changesOf'], changesOf, states, 'state'),
    ...lasting(['fallenWhen', 'lasts'], fallenWhen?.lasts),
    ...(fallenWhen && changesOf === undefined
      ? [{ path: ['fallenWhen'], message: 'needs changesOf, the state whose values it names' }]
      : []),
    ...(unknown === undefined
      ? []
      : [{ path: ['fallenWhen'], message: `${unknown} is not a value of ${changesOf}` }]),
    ...lasting(['restartWhen', 'within'], restartWhen?.within),
    ...named(['restartWhen', 'memory'], restartWhen?.memory, metrics, 'metric'),
    ...named(['restartWhen', 'cpu'], restartWhen?.cpu, metrics, 'metric'),
    ...((restartWhen?.cpu === undefined) === (restartWhen?.below === undefined)
      ? []
      : [{ path: ['restartWhen'], message: 'needs both cpu and below, or neither' }]),
  ]
}

function protobufErrors({ protobuf = [] }: RawFamily): PathError[] {
  const twice = protobuf.findIndex((name, index) => protobuf.indexOf(name) !== index)
  return twice === -1 ? [] : [{ path: ['protobuf', twice], message: `${protobuf[twice]} is listed twice` }]
}
