/** Reads the input of a command from a file or from standard input. */
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { fileFailure } from '../lib/operations/file-failure.ts'
import { resolvePath, type Terminal } from './terminal.ts'

/** Returns the name of an input file for messages. */
export function toInputName(file: string): string {
  return file === '-' ? 'standard input' : file
}

/** Reads a file; `-` is standard input. @throws OperationFailure if the file cannot be read */
export async function readInput(file: string, terminal: Pick<Terminal, 'stdin' | 'folder'>): Promise<Buffer> {
  try {
    return file === '-' ? await buffer(terminal.stdin) : await readFile(resolvePath(terminal, file))
  } catch (error) {
    throw fileFailure(toInputName(file), error)
  }
}
