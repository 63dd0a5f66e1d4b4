/** Progress of an operation, in a file, so that it can continue after a stop or a kill. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { type GenericSchema, type InferOutput, safeParse } from 'valibot'
import { jsonIn } from '../json.ts'
import { OperationFailure } from './failure.ts'
import { fileFailure } from './file-failure.ts'

/**
 * Returns undefined if the file is missing.
 *
 * @param name of the file, for messages
 * @param refusal of a file that does not fit the schema
 * @throws OperationFailure if it cannot be read, or is not what `savePosition` writes
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

/** Writes the file completely or not at all. */
export async function savePosition(path: string, position: object): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(position)}\n`, { flush: true })
  await rename(`${path}.new`, path)
}
