/** Validates the policy with its schema, `schemas/files/failure-policy.v1.json`, and describes the errors. */
import type { SchemaViolation } from '../../schemas/compiled.js'
import validators from '../../schemas/compiled-failure-policy.js'
import { describedErrors, type FilePath, type PathError, pathOf } from '../file-errors.ts'
import { DELAYS_MS, MAX_RETRIES, POLICY_CLASSES } from './policy.ts'

const DELAYS = Object.keys(DELAYS_MS).join(', ')
const KEYS = 'maxAge, classes and codes'

/** Returns the schema violations, at most one per path. */
export function schemaErrors(content: unknown): readonly PathError[] {
  const validate = validators['io.sluice.failure-policy.v1']
  if (validate === undefined) throw new Error('schemas/compiled-failure-policy.js has no policy')
  if (validate(content)) return []
  return describedErrors(validate.errors ?? [], violation => described(violation, content))
}

function described({ instancePath, keyword, params }: SchemaViolation, content: unknown): PathError {
  const path = pathOf(instancePath, content)
  if (keyword !== 'additionalProperties') return { path, message: `must be ${expectedAt(path)}` }
  return {
    path: [...path, String(params.additionalProperty)],
    message: `unknown key; there are ${knownIn(path)}`,
  }
}

function knownIn(path: FilePath): string {
  if (path.at(-1) === 'classes') return POLICY_CLASSES.join(', ')
  return path.length === 0 ? `${KEYS}, and consumers` : KEYS
}

function expectedAt(path: FilePath): string {
  const key = path.findLast(part => part === 'classes' || part === 'codes')
  if (typeof path.at(-1) === 'number') return `one of ${DELAYS}`
  if (path.at(-1) === 'maxAge') return 'a duration such as 6h or 1d'
  if (key === undefined)
    return path.length === 1 ? 'a mapping of consumers' : `a mapping with the keys ${KEYS}`
  if (path.at(-1) === key) return `a mapping of ${key} to lists such as [1m, 10m]`
  return `a list of at most ${MAX_RETRIES} delays, each ${DELAYS}`
}
