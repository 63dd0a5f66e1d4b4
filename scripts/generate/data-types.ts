/** Derives TypeScript's types of the data of events from their JSON Schemas. */
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { toFileName } from '../../lib/schemas/event-types.ts'
import type { EventTypes } from '../../lib/telemetry/event-types.ts'
import { readJsonSchema } from './json-schemas.ts'

export const TYPES = new URL('../../lib/schemas/types.ts', import.meta.url)

/** Code that may import types. */
const READERS = '{bench,cli,console,control,functions,infra,lib,localstack,packages,test}/**/*.{ts,tsx}'
const ROOT = join(import.meta.dirname, '..', '..')

/** Loads packages of the tests, which are installed where developers work. A deployment only compares compiled schemas. */
const requireTool = createRequire(join(ROOT, 'test', 'tools', 'package.json'))

interface Generator {
  compile(schema: unknown, name: string, options: object): Promise<string>
}

/**
 * Returns the text of the module: a type for each event type whose data the code imports, and for those in their data, with the name
 * from the table of event types.
 */
export async function typesModule(eventTypes: EventTypes): Promise<string> {
  const texts = new Map<string, string>()
  for (const type of [...eventTypes.keys()].sort())
    texts.set(getTypeName(eventTypes, type), await generateType(eventTypes, type))
  const read = listImportedNames()
  for (const name of read)
    for (const [other] of texts) if (new RegExp(`: ${other}\\b`).test(texts.get(name) ?? '')) read.add(other)
  const shown = [...texts].flatMap(([name, text]) => (read.has(name) ? [text] : []))
  return shown.map(text => extendBase(text, shown)).join('\n')
}

/** Names the type whose fields another one has all, in place of these fields. */
function extendBase(text: string, others: readonly string[]): string {
  const members = listMembers(text)
  const bases = others.map(other => ({ other, fields: listMembers(other) }))
  const [base] = bases
    .filter(({ fields }) => fields.length < members.length && fields.every(field => members.includes(field)))
    .sort((a, b) => b.fields.length - a.fields.length)
  if (!base) return text
  const [name] = /(?<=interface )\w+/.exec(base.other) ?? []
  const own = members.filter(field => !base.fields.includes(field)).join('\n')
  return text.replace(/(?<=interface \w+) \{[\s\S]*/, ` extends ${name} {\n${own}\n}\n`)
}

/** Returns the fields of a type at the top level, with those in them. */
function listMembers(text: string): string[] {
  const [, body = ''] = /\{\n([\s\S]*)\n\}/.exec(text) ?? []
  return body.split(/\n(?= {2}readonly )/)
}

function listImportedNames(): Set<string> {
  const files = globSync(READERS, { cwd: ROOT, exclude: ['**/node_modules', '**/dist'] })
  const imports = files.flatMap(file => [
    ...readFileSync(join(ROOT, file), 'utf8').matchAll(
      /^(?:im|ex)port type \{([^}]*)\} from '[^']*schemas\/types\.ts'$/gm,
    ),
  ])
  const names = imports.flatMap(([, listed = '']) => listed.split(','))
  return new Set(names.map(name => name.trim().split(' ')[0] ?? ''))
}

async function generateType(eventTypes: EventTypes, type: string): Promise<string> {
  const schema = prepareSchema(eventTypes, { ...readJsonSchema(type) })
  const { compile }: Generator = requireTool('json-schema-to-typescript')
  const text = await compile(schema, getTypeName(eventTypes, type), {
    additionalProperties: false,
    bannerComment: '',
    style: { semi: false, singleQuote: true, printWidth: 110, trailingComma: 'all', arrowParens: 'avoid' },
  })
  return makeReadonly(text)
}

/** Returns the name of the type, such as `AlertFired` for `alert.fired.v1`. */
function getTypeName(eventTypes: EventTypes, type: string): string {
  const row = eventTypes.get(`io.sluice.${toFileName(type)}`)
  if (!row) throw new Error(`${type} is not in the table of event types, lib/schemas/event-types.ts`)
  return row.record
}

/**
 * The schema without what has no type (that one of several properties is required), with its definitions in their places, and with
 * references to other event types as their names.
 */
function prepareSchema(eventTypes: EventTypes, schema: Readonly<Record<string, unknown>>): unknown {
  const { $id: _id, $schema: _schema, $defs, title: _title, ...rest } = schema
  return JSON.parse(JSON.stringify(rest), (key, value) => {
    // Types for the lengths of lists only hinder the writer.
    if (key === 'minItems' || key === 'minProperties') return undefined
    // Only the type itself is described: the schema has the descriptions of its fields.
    if (key === 'description' && typeof value === 'string' && value !== rest.description) return undefined
    if (key === 'anyOf' && value.every((schema: object) => Object.keys(schema).join() === 'required'))
      return undefined
    const ref: string | undefined = value?.$ref
    if (ref === undefined) return value
    const own = /^#\/\$defs\/(.+)$/.exec(ref)?.[1]
    if (own !== undefined) return ($defs as Record<string, unknown>)[own]
    return { tsType: getTypeName(eventTypes, ref.slice(ref.lastIndexOf('/') + 1).replace(/\.json$/, '')) }
  })
}

/** Events are immutable. */
function makeReadonly(text: string): string {
  return text
    .replace(/^( +)(?=(?:\w+\??|\[k: string\]): )/gm, '$1readonly ')
    .replace(/(?<=: |\| )((?:\w+|\([^()]*\)))\[\]/g, 'readonly $1[]')
    .replace(/: \{\}/g, ': object')
    .replace(/^( +)(readonly \w+\??: )\{\n([\s\S]*?)\n\1\}\[\]$/gm, '$1$2readonly {\n$3\n$1}[]')
    .replace(/\/\*\*\n *\* (.*)\n *\*\/\n/g, '/** $1 */\n')
    .replace(/\{\n {4,}(readonly [^\n{}]+)(?:\n {4,}(readonly [^\n{}]+))?\n +\}/g, (_, ...fields) => {
      return `{ ${fields.slice(0, 2).filter(Boolean).join('; ')} }`
    })
}
