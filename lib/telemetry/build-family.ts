/** Interprets the content of a family's file. No code is compiled, so that functions start as fast as with a table in code. Pure. */
import { parseDuration } from '../support/duration.ts'
import { escapePattern } from '../support/escape-text.ts'
import { toDataschema } from './dataschema.ts'
import type { Family, FamilyActivity, FamilyField, ReadingData } from './family.ts'
import {
  describeReadings,
  listEntityFields,
  listFields,
  listTemplateFields,
  type RawFamily,
  resolveField,
  toWholeState,
} from './family-file.ts'

/** Value of a tag in record keys if a reading does not have the tag. */
const UNTAGGED = 'untagged'

type Text = (data: ReadingData) => string

/** Returns the family that a valid file describes. */
export function buildFamily(raw: RawFamily): Family {
  const { type, entity, metrics = {}, states = {}, keyedBy = 'instance' } = raw
  const name = raw.family as Family['name']
  const fields = listFields(raw)
  const [first] = listTemplateFields(entity.source)
  const { keys: { instance = entity.subject, type: ofType = first ? `{${first}}` : name, tenant } = {} } = raw
  const measured = Object.entries(metrics).map(([metric, settings]) => [metric, settings ?? {}] as const)
  const bounded = measured.filter(([, { min, max }]) => min !== undefined || max !== undefined)
  return {
    name,
    type,
    dataschema: toDataschema(type),
    description: describeReadings(raw),
    metrics: toRecord(measured.map(([metric, { unit = '' }]) => [metric, unit])),
    kinds: toRecord(measured.flatMap(([metric, { is = 'gauge' }]) => (is === 'gauge' ? [] : [[metric, is]]))),
    integers: new Set(measured.flatMap(([metric, { type }]) => (type === 'integer' ? [metric] : []))),
    others: raw.others === 'numbers',
    bounds: toRecord(bounded.map(([metric, { min, max }]) => [metric, toBounds(min, max)])),
    states: toRecord(Object.entries(states).map(([state, one]) => [state, toAllowed(one)])),
    fields: new Map([...fields].map(([path, field]) => [path, toField(field)])),
    ...buildDimensions(raw),
    source: compileTemplate(raw, entity.source, toUriPart),
    subject: compileTemplate(raw, entity.subject),
    isOfEvent: entity.from === 'event',
    entityFields: listEntityFields(raw),
    keys: {
      instance: compileTemplate(raw, instance),
      type: compileTemplate(raw, ofType),
      tenant: compileTemplate(raw, tenant ?? '{tags.tenant}'),
    },
    keyedBy,
    activity: buildActivity(raw),
    file: raw,
  }
}

/** Returns a record without a prototype: a name such as `constructor` that it does not list is undefined. */
export function toRecord<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null), Object.fromEntries(entries))
}

function toBounds(min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): [number, number] {
  return [min, max]
}

function toAllowed(state: NonNullable<RawFamily['states']>[string]): readonly string[] | null {
  const { values } = toWholeState(state)
  return values === 'any' ? null : values
}

function toField({
  type = 'text',
  required,
  min,
  max,
}: ReturnType<typeof listFields> extends Map<string, infer F> ? F : never): FamilyField {
  return { kind: type, isRequired: required, bounds: toBounds(min, max) }
}

/** Returns the function that reads a field of the data. */
function createReader(path: string): (data: ReadingData) => unknown {
  const [outer = '', inner] = path.split('.')
  if (inner === undefined) return data => data[outer]
  return data => (data[outer] as ReadingData | undefined)?.[inner]
}

/** Percent-encodes a text. An unpaired surrogate, which has no encoding, becomes the replacement character. */
function toUriPart(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** Returns the function that fills a template's fields with values of the data. */
function compileTemplate(raw: RawFamily, template: string, encode: (value: string) => string = String): Text {
  const texts = template.split(/\{[^{}]*\}/)
  const fields = listTemplateFields(template).map(name => {
    const path = resolveField(raw, name)
    const read = createReader(path)
    const otherwise = path.startsWith('tags.') ? UNTAGGED : undefined
    return (data: ReadingData) => encode(String(read(data) ?? otherwise))
  })
  return data => texts.map((text, index) => text + (fields[index]?.(data) ?? '')).join('')
}

/** Returns the dimensions of a family, and those of them that can be read back from a source. */
function buildDimensions(raw: RawFamily): Pick<Family, 'dimensions' | 'inSource'> {
  const ofSource = listTemplateFields(raw.entity.source).map(name => resolveField(raw, name))
  const tags = (raw.tags ?? []).map(tag => `tags.${tag}`)
  const byDefault = [...ofSource, ...tags].map(path => [path.slice(path.lastIndexOf('.') + 1), path] as const)
  const paths = new Map([...byDefault, ['tenant', 'tags.tenant']])
  for (const [name, field] of Object.entries(raw.dimensions ?? {})) paths.set(name, resolveField(raw, field))
  const readable = [...paths].filter(([, path]) => ofSource.includes(path))
  return {
    dimensions: toRecord([...paths].map(([name, path]) => [name, createReader(path)])),
    inSource: toRecord(
      readable.map(([name, path]) => [name, createSourceReader(raw.entity.source, ofSource.indexOf(path))]),
    ),
  }
}

/** Returns the function that reads the field with this index back from a source; undefined for a source of another form. */
function createSourceReader(template: string, index: number): (source: string) => string | undefined {
  const texts = template.split(/\{[^{}]*\}/).map(escapePattern)
  const pattern = new RegExp(`^${texts.join('([^/]+)').replace(/\(\[\^\/\]\+\)$/, '(.+)')}$`)
  return source => {
    const found = pattern.exec(source)?.[index + 1]
    try {
      return found && decodeURIComponent(found)
    } catch {
      // Sources of other producers may not be percent-encoded. Such a text is used unchanged.
      return found
    }
  }
}

function buildActivity(raw: RawFamily): FamilyActivity {
  const { silentAfter, changesOf, fallenWhen, restartWhen } = raw
  const ms = (duration: string) => parseDuration(duration) as number
  return {
    ...(silentAfter === undefined ? {} : { silentAfterMs: ms(silentAfter) }),
    ...(changesOf === undefined ? {} : { changesOf }),
    ...(fallenWhen && {
      fall: { is: fallenWhen.is, lastsMs: ms(fallenWhen.lasts), through: fallenWhen.through ?? [] },
    }),
    ...(restartWhen && { restart: { ...restartWhen, withinMs: ms(restartWhen.within) } }),
  }
}
