/**
 * Validates the receivers with their schema, `schemas/files/notification-receivers.v1.json`, and describes
 * the errors.
 */
import type { SchemaViolation } from '../../schemas/compiled.js'
import validators from '../../schemas/compiled-notification-receivers.js'
import { describedErrors, type FilePath, type PathError, pathOf } from '../file-errors.ts'
import { FORMATS } from './receiver.ts'

const KEYS: Readonly<Record<string, string>> = {
  name: 'a lower-case letter, then up to 39 lower-case letters, digits and -',
  kind: 'one of sns, webhook',
  format: `one of ${FORMATS.join(', ')}`,
  url: 'a URL such as https://host/path, without user and password',
  secret: "the last part of a secret's name: letters, digits, _ and -",
  timeout: 'a duration from 1s to 30s',
  allowPrivate: 'true or false',
  headers: 'a mapping of names to texts',
}

/** Returns the schema violations, at most one per path. */
export function schemaErrors(content: unknown): readonly PathError[] {
  const validate = validators['io.sluice.notification-receivers.v1']
  if (validate === undefined) throw new Error('schemas/compiled-notification-receivers.js has no receivers')
  if (validate(content)) return []
  const violations = (validate.errors ?? []).filter(
    ({ schemaPath }) => !schemaPath.includes('/propertyNames/'),
  )
  return describedErrors(violations, violation => described(violation, content))
}

function described({ instancePath, keyword, params }: SchemaViolation, content: unknown): PathError {
  const at = pathOf(instancePath, content)
  switch (keyword) {
    case 'additionalProperties': {
      const known =
        at.length < 2 ? 'the one key is receivers' : `a receiver has ${Object.keys(KEYS).join(', ')}`
      return { path: [...at, String(params.additionalProperty)], message: `unknown key; ${known}` }
    }
    case 'required': {
      const key = String(params.missingProperty)
      return { path: [...at, key], message: `is missing: must be ${KEYS[key] ?? 'a list'}` }
    }
    case 'propertyNames':
      return {
        path: [...at, String(params.propertyName)],
        message: 'must be a header name: letters, digits and -',
      }
    default:
      return { path: at, message: `must be ${expected(at)}` }
  }
}

/**
 * Returns a description of valid values at a path. Invalid values are not quoted, because one may be a secret
 * in the wrong place.
 */
function expected(path: FilePath): string {
  if (path.length === 0) return 'a mapping with the one key receivers'
  if (path.length === 1) return 'a list with at least one receiver'
  if (path.length === 2) return 'a mapping of keys to values'
  return path.length === 3 ? (KEYS[String(path[2])] ?? 'something else') : 'an ASCII string in quotes'
}
