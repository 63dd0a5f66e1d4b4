/** Validates routes against `config/schemas/notification-routes.v1.json`, and describes the errors. */
import type { SchemaViolation } from '../schemas/compiled.js'
import validators from '../schemas/compiled-notification-routes.js'
import { describeErrors, type FilePath, type PathError, parseJsonPointer } from '../support/file-errors.ts'

const ROUTE_KEYS = 'name, match, groupBy, groupWait, groupInterval, repeatInterval, receivers, continue'
const DURATION = 'a duration such as 30s, 5m or 4h'
const NAME = 'a letter, then up to 63 letters, digits, _ and -'
const TEXTS = 'a text of at most 256 characters in quotes, or a list of such texts'
const RECEIVERS = 'a list of 1 to 10 names of receivers, each once'

const EXPECTED: Readonly<Record<string, string>> = {
  routes: 'a list of routes, at least one',
  name: NAME,
  match: 'a mapping such as { severity: critical }, with rule, severity, labels, source or entity',
  groupBy: 'a list of rule, severity, source, entity and labels.NAME, each once',
  groupWait: DURATION,
  groupInterval: DURATION,
  repeatInterval: DURATION,
  receivers: RECEIVERS,
  continue: 'true or false',
  rule: TEXTS,
  severity: TEXTS,
  source: TEXTS,
  entity: TEXTS,
  labels: 'a mapping of label to a text, or to a list of texts',
}

/** Returns the schema violations, at most one per path. */
export function schemaErrors(content: unknown): readonly PathError[] {
  const validate = validators['io.sluice.notification-routes.v1']
  if (validate === undefined)
    throw new Error('lib/schemas/compiled-notification-routes.js has no io.sluice.notification-routes.v1')
  if (validate(content)) return []
  // Violations within alternatives are not reported separately. The set of alternatives has its own violation.
  const violations = (validate.errors ?? []).filter(({ schemaPath }) => !schemaPath.includes('/anyOf/'))
  return describeErrors(violations, violation => describeViolation(violation, content))
}

function describeViolation({ instancePath, keyword, params }: SchemaViolation, content: unknown): PathError {
  const path = parseJsonPointer(instancePath, content)
  switch (keyword) {
    case 'additionalProperties': {
      const within = path.length === 0 ? 'routes' : describeKnownKeys(path)
      return {
        path: [...path, String(params.additionalProperty)],
        message: `unknown key; the keys are ${within}`,
      }
    }
    case 'required': {
      const key = String(params.missingProperty)
      return { path: [...path, key], message: `is missing: must be ${EXPECTED[key]}` }
    }
    default:
      return { path, message: `must be ${describeExpected(path)}` }
  }
}

function describeKnownKeys(path: FilePath): string {
  return path.length === 2 ? ROUTE_KEYS : 'rule, severity, labels, source and entity'
}

/**
 * Returns a description of valid values at a path. It is the description of the innermost key that has one; list elements have
 * none.
 */
function describeExpected(path: FilePath): string {
  if (path.length === 0) return 'a mapping with the key routes'
  if (path[0] === 'routes' && path.length === 2) return `a mapping with the keys ${ROUTE_KEYS}`
  if (path.includes('labels') && path.at(-1) !== 'labels') return TEXTS
  const key = path.findLast(part => typeof part === 'string' && Object.hasOwn(EXPECTED, part))
  return EXPECTED[String(key)] ?? 'something else'
}
