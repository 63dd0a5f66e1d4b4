/** Progress of a recording, in a file beside it, so that it can continue after a stop or a kill. */
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
  /** Whole name of the topic. */
  topic: string(),
  /** Filters as written on the command line. */
  filters: array(string()),
  /** How many bytes of the file are good. */
  bytes: count,
  /** Lines in the file. */
  recorded: count,
  /** Records that were read, whether they fitted the filters or not. */
  read: count,
  /** Offsets that retention took before they could be read. */
  expired: count,
  /** Records without their values, which are too large to be read. */
  oversize: count,
  ranges: array(object({ partition: count, start: count, end: count, next: count })),
})

export type RecordingPosition = InferOutput<typeof POSITION>

/** Returns undefined if the file is missing. @throws OperationFailure if it is not what `savePosition` writes */
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
    `${name}: it does not say how far a recording has come. Remove it, and record anew.`,
  )
}

/** Writes the file completely or not at all. */
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
