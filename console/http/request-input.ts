/** Validates the parameters and the body of requests. */
import type { Context } from 'hono'
import {
  array,
  type GenericSchema,
  getDotPath,
  type InferOutput,
  record,
  safeParse,
  string,
  union,
} from 'valibot'
import { type Fields, type ReadFilter, readFilter, type Texts } from '../../control/questions/field.ts'
import { type FieldRules, findBrokenRules } from '../../control/questions/field-rules.ts'
import { ProblemError } from './problem.ts'

/** Schema of the texts of an operation's fields. */
export const TEXTS = record(string(), union([string(), array(string())]))

/** Returns the validated query parameters. @throws ProblemError that names each invalid parameter */
export function parseQuery<Schema extends GenericSchema>(
  schema: Schema,
  context: Context,
): InferOutput<Schema> {
  return validateInput(schema, context.req.query())
}

/** Returns the validated JSON body. @throws ProblemError that names each invalid value */
export async function parseBody<Schema extends GenericSchema>(
  schema: Schema,
  context: Context,
): Promise<InferOutput<Schema>> {
  let body: unknown
  try {
    body = await context.req.json()
  } catch {
    throw new ProblemError('bad-request', 'The request body must be a JSON document.')
  }
  return validateInput(schema, body)
}

function validateInput<Schema extends GenericSchema>(schema: Schema, input: unknown): InferOutput<Schema> {
  const { success, output, issues } = safeParse(schema, input)
  if (success) return output
  const wrong = issues.map(issue => `${getDotPath(issue) ?? 'the request'}: ${issue.message}`)
  throw new ProblemError('bad-request', `${wrong.join('; ')}.`)
}

/**
 * Reads a filter from the texts of a request.
 *
 * @param rules which fields exclude or need one another
 * @throws ProblemError that names each invalid text
 */
export function parseFilter<Of extends Fields>(
  fields: Of,
  given: Texts,
  rules: FieldRules<string> = {},
): Pick<ReadFilter<Of>, 'filter' | 'texts'> {
  const { errors, ...read } = readFilter(fields, given)
  const broken = findBrokenRules(
    rules,
    name => read.texts[name] !== undefined,
    name => name,
  )
  if (errors.length + broken.length === 0) return read
  throw new ProblemError('bad-request', `${[...errors, ...broken].join('; ')}.`)
}
