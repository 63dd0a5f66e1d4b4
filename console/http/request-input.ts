/** Validates the parameters and the body of requests. */
import type { Context } from 'hono'
import { type GenericSchema, getDotPath, type InferOutput, safeParse } from 'valibot'
import { type Fields, type ReadFilter, readFilter } from '../../lib/questions/field.ts'
import { ProblemError } from './problem.ts'

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

/** Reads a filter from the texts of a request. @throws ProblemError that names each invalid text */
export function parseFilter<Of extends Fields>(
  fields: Of,
  given: Readonly<Record<string, string>>,
): Pick<ReadFilter<Of>, 'filter' | 'texts'> {
  const { errors, ...read } = readFilter(fields, given)
  if (errors.length > 0) throw new ProblemError('bad-request', `${errors.join('; ')}.`)
  return read
}
