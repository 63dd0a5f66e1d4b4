/**
 * Validates files with tests against their schema, such as `config/schemas/rule-tests.v1.json`. Rules in such a file are validated by
 * the reader of rules instead.
 */

import type { SchemaViolation } from '../../schemas/compiled.js'
import validators from '../../schemas/compiled-rule-tests.js'
import { firstOfEach, type PathError, parseJsonPointer, valueAt } from '../../support/file-errors.ts'

/** Returns the violations of the schema, at most one for each path. */
export function findSchemaFaults(content: unknown): readonly PathError[] {
  const validate = validators['io.sluice.rule-tests.v1']
  if (validate === undefined) throw new Error('the compiled schemas have no such file')
  if (validate(content)) return []
  const violations = (validate.errors ?? []).filter(({ schemaPath }) => !/\/(anyOf|oneOf)\//.test(schemaPath))
  const faults = violations.flatMap(violation => toPathError(violation, content) ?? [])
  return firstOfEach(faults.filter(({ path }) => !isInRules(path)))
}

/** Returns whether a path is inside a list of rules. */
function isInRules(path: PathError['path']): boolean {
  return path.some((part, index) => part === 'rules' && typeof path[index + 1] === 'number')
}

function toPathError(
  { instancePath, keyword, params }: SchemaViolation,
  content: unknown,
): PathError | undefined {
  const path = parseJsonPointer(instancePath, content)
  const key = path.at(-1)
  switch (keyword) {
    case 'additionalProperties':
      return { path: [...path, String(params.additionalProperty)], message: 'unknown key' }
    case 'required':
      return { path: [...path, String(params.missingProperty)], message: 'is missing' }
    case 'dependentRequired':
      return {
        path: [...path, String(params.property)],
        message: `needs ${params.missingProperty} as well`,
      }
    case 'oneOf':
      return { path, message: 'give exactly one of metric (with value), values, event, tick and rules' }
    case 'enum':
      return { path, message: `must be one of ${[params.allowedValues].flat().join(', ')}` }
    case 'const':
      return { path, message: `must be ${params.allowedValue}` }
    case 'type':
      return { path, message: `must be ${[params.type].flat().join(' or ')}` }
    case 'anyOf':
      if (key === 'at' || key === 'time' || key === 'start' || key === 'end')
        return { path, message: 'must be an offset from the start, such as 0, 90s or 1h30m' }
      if (key === 'rules') return findRulesFault(path, content)
      return { path, message: 'must have expect or notifications; otherwise it tests nothing' }
    default:
      return {
        path,
        message: keyword.startsWith('min') ? 'must not be empty, or less than 1' : 'has a wrong value',
      }
  }
}

/** Returns the violation if the rules are not a list. Errors in the list are reported by the reader of rules. */
function findRulesFault(path: PathError['path'], content: unknown): PathError | undefined {
  if (Array.isArray(valueAt(path, content))) return undefined
  return { path, message: 'must be a list of rules, or the path of a rule file' }
}
