import { isUtf8 } from 'node:buffer'
import { Ajv, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'
import type { Schema } from './client.ts'
import type { Codec } from './codec.ts'
import { UndecodableError, UnencodableError } from './errors.ts'

/**
 * Regular expression engine for the patterns of schemas. It matches in linear time, whereas a schema could block its readers for
 * years with a backtracking engine. RE2 rejects look-around and back-references.
 */
const regExp = Object.assign((pattern: string) => RE2JS.compile(RE2JS.translateRegExp(pattern)), {
  // Used only in generated standalone code.
  code: '',
})

/** Options of the validator. JSON Schema treats unknown keywords and formats as annotations, not as errors. */
const OPTIONS: Options = { strict: false, validateFormats: false, logger: false, code: { regExp } }

/** Returns the codec of a JSON Schema (draft 6, 7, 2019-09 or 2020-12), which validates the data. */
export function codecFor({ text, references }: Schema): Codec {
  const validate = compile(text, references)
  return {
    format: 'JSON',
    decode(body) {
      const json = decodeText(body)
      requireValid(validate, parse(json))
      return json
    },
    read(body) {
      const data = parse(decodeText(body))
      requireValid(validate, data)
      return data
    },
    encode(data) {
      if (!validate(data)) {
        const [first] = validate.errors ?? []
        const path = (first?.instancePath ?? '').split('/').slice(1)
        throw new UnencodableError(path, first?.message ?? 'does not match its schema')
      }
      return Buffer.from(JSON.stringify(data))
    },
  }
}

function compile(text: string, references: Schema['references']) {
  try {
    const schema = JSON.parse(text)
    const draft = String(schema.$schema ?? '')
    const Validator = draft.includes('2020-12') ? Ajv2020 : draft.includes('2019-09') ? Ajv2019 : Ajv
    const ajv = new Validator(OPTIONS)
    for (const reference of references) ajv.addSchema(JSON.parse(reference.text), reference.name)
    return ajv.compile(schema)
  } catch (error) {
    throw new UndecodableError(`its schema cannot be used: ${(error as Error).message}`)
  }
}

function requireValid(validate: ValidateFunction, data: unknown): void {
  if (isDeep(data)) throw new UndecodableError(`it is nested more than ${DEEPEST} levels deep`)
  if (validate(data)) return
  const [first] = validate.errors ?? []
  throw new UndecodableError(
    `it does not match its schema: ${maskPath(first?.instancePath ?? '')} ${first?.message}`,
  )
}

/** Maximum nesting depth of objects and lists. It bounds the validation with schemas that reference themselves. */
const DEEPEST = 100

function isDeep(value: unknown, level = 0): boolean {
  if (typeof value !== 'object' || value === null) return false
  return level >= DEEPEST || Object.values(value).some(inner => isDeep(inner, level + 1))
}

/** Returns a path in which names that do not look like field names are hidden. Such names may be payload data. */
function maskPath(path: string): string {
  return path
    .split('/')
    .map(name => (/^([A-Za-z_][\w-]{0,39}|\d{0,6})$/.test(name) ? name : '(a name not shown)'))
    .join('/')
}

function decodeText(body: Buffer): string {
  if (!isUtf8(body)) throw new UndecodableError('it is not UTF-8')
  return body.toString('utf8')
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new UndecodableError('it is not JSON')
  }
}
