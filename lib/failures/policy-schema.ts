/** Holds the policy against its schema, `schemas/files/failure-policy.v1.json`, and says in words what is wrong. */
import type { SchemaViolation } from '../../schemas/compiled.js'
import validators from '../../schemas/compiled-failure-policy.js'
import { DELAYS_MS, MOST_RETRIES, POLICY_CLASSES } from './policy.ts'

/** Keys and list indexes that lead to a value, outermost first. */
export type Path = readonly (string | number)[]

export interface PolicyError {
  readonly path: Path
  readonly message: string
}

const DELAYS = Object.keys(DELAYS_MS).join(', ')
const KEYS = 'maxAge, classes and codes'

/** At most one for a place. */
export function schemaErrors(content: unknown): readonly PolicyError[] {
  const validate = validators['io.sluice.failure-policy.v1']
  if (validate === undefined) throw new Error('schemas/compiled-failure-policy.js has no policy')
  if (validate(content)) return []
  const found = new Map<string, PolicyError>()
  for (const violation of validate.errors ?? []) {
    const error = described(violation, content)
    const place = JSON.stringify(error.path)
    if (!found.has(place)) found.set(place, error)
  }
  return [...found.values()]
}

function described({ instancePath, keyword, params }: SchemaViolation, content: unknown): PolicyError {
  const path = pathOf(instancePath, content)
  if (keyword !== 'additionalProperties') return { path, message: `must be ${expectedAt(path)}` }
  return {
    path: [...path, String(params.additionalProperty)],
    message: `unknown key; there are ${knownIn(path)}`,
  }
}

function knownIn(path: Path): string {
  if (path.at(-1) === 'classes') return POLICY_CLASSES.join(', ')
  return path.length === 0 ? `${KEYS}, and consumers` : KEYS
}

function expectedAt(path: Path): string {
  const key = path.findLast(part => part === 'classes' || part === 'codes')
  if (typeof path.at(-1) === 'number') return `one of ${DELAYS}`
  if (path.at(-1) === 'maxAge') return 'a duration such as 6h or 1d'
  if (key === undefined)
    return path.length === 1 ? 'a mapping of consumers' : `a mapping with the keys ${KEYS}`
  if (path.at(-1) === key) return `a mapping of ${key} to lists such as [1m, 10m]`
  return `a list of at most ${MOST_RETRIES} delays, each ${DELAYS}`
}

function pathOf(pointer: string, content: unknown): Path {
  const path: (string | number)[] = []
  let value = content
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(value) ? Number(name) : name)
    value = (value as Record<string, unknown>)[name]
  }
  return path
}
