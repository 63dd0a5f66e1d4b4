/** Reads an input file of a command, or standard input. */
import { readFile } from 'node:fs/promises'
import { pathIn, type Terminal } from './terminal.ts'

/** Returns the content of the file; `-` is standard input. */
export async function inputBytes(
  file: string,
  terminal: Pick<Terminal, 'stdin' | 'folder'>,
): Promise<Buffer> {
  if (file !== '-') return readFile(pathIn(terminal, file))
  const pieces: Buffer[] = []
  for await (const piece of terminal.stdin) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}
