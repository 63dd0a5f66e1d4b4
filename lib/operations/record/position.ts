/**
 * Position of a recording, stored in a separate file, so that the recording can continue after a stop or a
 * kill.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import {
  array,
  type InferOutput,
  integer,
  literal,
  minValue,
  number,
  object,
  pipe,
  safeParse,
  string,
} from 'valibot'
import { OperationFailure } from '../failure.ts'
import { fileFailure } from '../file-failure.ts'

const count = pipe(number(), integer(), minValue(0))

const POSITION = object({
  version: literal(1),
  /** Full name of the topic. */
  topic: string(),
  /** Filters as given on the command line. */
  filters: array(string()),
  /** Number of bytes of the file that are valid. */
  bytes: count,
  /** Number of lines in the file. */
  recorded: count,
  /** Number of records read, including those that did not match the filters. */
  read: count,
  /** Number of offsets that retention deleted before they could be read. */
  expired: count,
  /** Number of records without their values, which are too large to be read. */
  oversize: count,
  ranges: array(object({ partition: count, start: count, end: count, next: count })),
})

export type RecordingPosition = InferOutput<typeof POSITION>

/**
 * Reads the position. Returns undefined if the file is missing.
 *
 * @throws OperationFailure if it was not written by `savePosition`
 */
export async function loadPosition(path: string, name: string): Promise<RecordingPosition | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fileFailure(name, error)
  }
  const { success, output } = safeParse(POSITION, parsed(text))
  if (success) return output
  throw new OperationFailure(
    `${name}: it is not the position of a recording. Remove it and start a new recording.`,
  )
}

/** Writes the file atomically. */
export async function savePosition(path: string, position: RecordingPosition): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(position)}\n`, { flush: true })
  await rename(`${path}.new`, path)
}

export async function removePosition(path: string): Promise<void> {
  await rm(path, { force: true })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
