/** Stores the progress of an operation in a file, so that the operation can continue after it was stopped or killed. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { type GenericSchema, type InferOutput, safeParse } from 'valibot'
import { jsonIn } from '../json.ts'
import { OperationFailure } from './failure.ts'
import { fileFailure } from './file-failure.ts'

/**
 * Reads a position file. Returns undefined if the file does not exist.
 *
 * @param name file name for messages
 * @param refusal error message for a file that does not match the schema
 * @throws OperationFailure if the file cannot be read or does not match the schema
 */
export async function readPosition<Schema extends GenericSchema>(
  path: string,
  name: string,
  schema: Schema,
  refusal: string,
): Promise<InferOutput<Schema> | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fileFailure(name, error)
  }
  const { success, output } = safeParse(schema, jsonIn(text))
  if (success) return output
  throw new OperationFailure(`${name}: ${refusal}`)
}

/** Writes the file atomically, so that it never contains an incomplete position. */
export async function savePosition(path: string, position: object): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(position)}\n`, { flush: true })
  await rename(`${path}.new`, path)
}
