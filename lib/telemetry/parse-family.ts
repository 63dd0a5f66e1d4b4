/**
 * Reads and strictly validates the files of families. A misspelled key must be an error, because readings would otherwise be refused
 * or not evaluated. All errors are reported at once. Pure.
 */
import { isUriReference } from '#runtime/cloudevents'
import familyTexts from '#schemas/family.v1.json' with { type: 'json' }
import validate from '../schemas/compiled-family.js'
import { EVENT_TYPES, OWN_TYPES } from '../schemas/event-types.ts'
import { parseDuration } from '../support/duration.ts'
import { type EditedFile, type FindErrors, type ReadFile, readEdited } from '../support/edited-file.ts'
import { type FilePath, InvalidFile, type LocatedError, type PathError } from '../support/file-errors.ts'
import { describeUnknown } from '../support/suggestion.ts'
import {
  listEntityFields,
  listFields,
  listTemplateFields,
  type RawFamily,
  resolveField,
  toWholeState,
} from './family-file.ts'
import { toRecordName, withoutVersion } from './family-schema.ts'
import { describeWrong, unitNamed } from './unit-table.ts'

const SCHEMA = { validate, texts: [familyTexts] }

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
 * @throws InvalidFile with all errors of all files
 */
export function readFamilies(files: readonly EditedFile[], org: string): readonly RawFamily[] {
  const read = files.map(file => ({ file, ...readEdited<RawFamily>(SCHEMA, file, contradictions) }))
  const families = read.map(({ file, content, ...others }) => {
    const type = content.type ?? `io.${org}.${content.family}.reading.v1`
    return {
      file,
      ...others,
      content: { ...content, type, kindsAt: locateKinds(content, others, file.file) },
    }
  })
  const errors = [...read.flatMap(({ errors }) => errors), ...findRepeated(families)]
  if (errors.length > 0) throw new InvalidFile('the families', errors)
  return families.map(({ content }) => content)
}

/** Returns the line of each metric's `is`. */
function locateKinds(
  { metrics = {} }: RawFamily,
  { errors, positionOf }: Omit<ReadFamily, 'file' | 'content'>,
  file: string,
) {
  if (errors.length > 0) return {}
  const named = Object.entries(metrics).filter(([, settings]) => settings?.is !== undefined)
  return Object.fromEntries(
    named.map(([metric]) => [metric, `${file}:${positionOf(['metrics', metric, 'is']).line}`]),
  )
}

type ReadFamily = ReadFile<RawFamily> & { readonly file: EditedFile }

/** Properties of a family that no other one may have, with their words in messages. */
const UNIQUE = {
  family: ['name', ({ family }: RawFamily) => family],
  type: ['type', ({ type }: RawFamily) => type],
  record: ['name of the record in Avro and Protobuf', ({ type }: RawFamily) => toRecordName(type)],
} as const

/** Returns an error for each name, type or record that an earlier file has. Versions of one type may have the same record. */
function findRepeated(read: readonly ReadFamily[]): LocatedError[] {
  const sound = read.filter(({ errors }) => errors.length === 0)
  return Object.entries(UNIQUE).flatMap(([key, [what, toValue]]) =>
    sound.flatMap(({ content, locate }, index) => {
      const value = toValue(content)
      const owner = sound.slice(0, index).find(other => toValue(other.content) === value)
      const isVersion =
        key === 'record' && owner && withoutVersion(owner.content.type) === withoutVersion(content.type)
      if (owner === undefined || isVersion) return []
      const message = `${value} is also the ${what} of the family in ${owner.file.file}`
      return locate([{ path: [key === 'record' ? 'type' : key], message }])
    }),
  )
}

/** Returns the errors that the schema cannot express. */
const contradictions: FindErrors<RawFamily> = (sound, isWrong) => {
  const entity = { source: '', subject: '', ...sound.entity }
  const raw = { ...sound, entity } as RawFamily
  // A template can name any field, and so can a dimension.
  const areFieldsKnown = !['entity', 'fields', 'tags'].some(key => isWrong(key))
  return [
    ...typeErrors(raw),
    ...nameErrors(raw),
    ...metricErrors(raw),
    ...reservedErrors(raw),
    ...(areFieldsKnown ? [...templateErrors(raw), ...dimensionErrors(raw)] : []),
    ...activityErrors(raw, isWrong),
    ...protobufErrors(raw),
  ]
}

function typeErrors({ type }: Partial<RawFamily>): PathError[] {
  if (type === undefined) return []
  if (Object.hasOwn(EVENT_TYPES, type))
    return [{ path: ['type'], message: `${type} is the type of events that are not readings` }]
  if (!type.startsWith(OWN_TYPES) || withoutVersion(type) !== type) return []
  return [{ path: ['type'], message: `types of ${OWN_TYPES}* are Sluice's own: choose another one` }]
}

function templateErrors(raw: RawFamily): PathError[] {
  const { source, subject, from } = raw.entity
  const templates = [
    ...Object.entries({ source, subject }).map(([key, template]) => [['entity', key], template] as const),
    ...Object.entries(raw.keys ?? {}).map(([key, template]) => [['keys', key], template] as const),
  ]
  return templates.flatMap(([path, template]) => {
    const fields = listTemplateFields(template)
    const message =
      describeForm(path[1], template) ??
      fields
        .map(
          field =>
            describeTextField(raw, field, path[0] === 'entity', from === 'event') ??
            (path[0] === 'keys' ? describeOptional(raw, field) : undefined),
        )
        .find(Boolean)
    return message === undefined ? [] : [{ path, message }]
  })
}

export const NO_URI_REFERENCE =
  'must be a URI reference: percent-encode spaces and letters that are not ASCII'

/** Returns what is wrong with a template apart from the names of its fields; undefined if nothing is. */
function describeForm(key: string | undefined, template: string): string | undefined {
  const filled = template.replaceAll(/\{[^{}]*\}/g, 'x')
  if (/[{}]/.test(filled)) return 'has a brace without its counterpart'
  if (template.includes('}{'))
    return 'must have a text between two fields: otherwise two entities could have the same one'
  if (key === 'subject' && !template.includes('{'))
    return 'must have a field in braces, such as {device}: all readings would be of one entity'
  return key !== 'source' || isUriReference(filled) ? undefined : NO_URI_REFERENCE
}

function describeOptional(raw: RawFamily, name: string): string | undefined {
  return listFields(raw).get(resolveField(raw, name))?.required === false
    ? `{${name}} must be required, because every reading needs a key`
    : undefined
}

/**
 * Returns what is wrong with a field that must be a text; undefined if nothing is.
 *
 * @param isDeclared true if the template itself declares the field
 * @param mayLack true if readings need not have the field
 */
function describeTextField(
  raw: RawFamily,
  name: string,
  isDeclared: boolean,
  mayLack = false,
): string | undefined {
  const path = resolveField(raw, name)
  if (!isPath(path))
    return `{${name}} is not the name of a field: use letters, digits and _, such as {location.site}`
  if (Object.hasOwn(raw.metrics ?? {}, path)) return `{${name}} is a metric, but must be a text`
  if (Object.hasOwn(raw.states ?? {}, path)) return `{${name}} is a state, which changes, but must be a field`
  if (raw.fields?.[path]?.type === 'number') return `{${name}} is a number, but must be a text`
  if (raw.fields?.[path]?.required === false && isDeclared && !mayLack)
    return `{${name}} must not be optional, because every entity needs it`
  if (isDeclared || path.startsWith('tags.') || listFields(raw).has(path)) return undefined
  const known = [...listFields(raw).keys(), ...(raw.tags ?? [])]
  return describeUnknown('field', name, [...known, 'tags.NAME'])
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
      const message = settings?.unit ? describeWrong(settings.unit) : undefined
      return message === undefined ? [] : [{ path: ['metrics', metric, 'unit'], message }]
    }),
    ...Object.entries(metrics).flatMap(([metric, settings]) =>
      settings?.is === 'direction' && unitNamed(settings.unit ?? 'degree') !== 'degree'
        ? [{ path: ['metrics', metric, 'unit'], message: 'must be degree, the unit of a direction' }]
        : [],
    ),
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

function reservedErrors(raw: RawFamily): PathError[] {
  const ofSource = listTemplateFields(raw.entity.source)
  const names = [
    ...ofSource.map(field => [['entity', 'source'], field.slice(field.lastIndexOf('.') + 1)] as const),
    ...(raw.tags ?? []).map((tag, index) => [['tags', index], tag] as const),
    ...Object.keys(raw.dimensions ?? {}).map(name => [['dimensions', name], name] as const),
  ]
  return names.flatMap(([path, name]) =>
    NO_DIMENSIONS.has(name)
      ? [{ path, message: `${name} is a key of rules and tables, so no dimension can have this name` }]
      : [],
  )
}

function dimensionErrors(raw: RawFamily): PathError[] {
  return Object.entries(raw.dimensions ?? {}).flatMap(([name, field]) => {
    const message = describeTextField(raw, field, false)
    return message === undefined
      ? []
      : [{ path: ['dimensions', name], message: message.replace(/[{}]/g, '') }]
  })
}

function activityErrors(raw: RawFamily, isWrong: (...path: FilePath) => boolean): PathError[] {
  const { silentAfter, changesOf, fallenWhen, restartWhen, metrics = {}, states = {} } = raw
  const named = (path: FilePath, name: string | undefined, known: object, kind: string) =>
    name === undefined || Object.hasOwn(known, name) || isWrong(`${kind}s`)
      ? []
      : [{ path, message: describeUnknown(kind, name, Object.keys(known)) }]
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
    ...(fallenWhen && changesOf === undefined && !isWrong('changesOf')
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
