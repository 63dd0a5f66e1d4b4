import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from '@sluice/test-kit/program'
import { errorLine, InvalidFile } from '../../lib/support/file-errors.ts'

/** Folder of golden files: transcripts of commands, and texts that are generated. */
export const GOLDENS = join(PROJECT, 'test', 'goldens')

/** Compares a text, or several with their titles, with a golden file. With UPDATE_GOLDENS=1, the file is written instead. */
export function golden(name: string, shown: string | Readonly<Record<string, string>>): void {
  const parts = typeof shown === 'string' ? [] : Object.entries(shown)
  const text =
    typeof shown === 'string' ? shown : parts.map(([title, one]) => `# ${title}\n${one}\n`).join('')
  const path = join(GOLDENS, `${name}.txt`)
  if (process.env.UPDATE_GOLDENS === '1') writeFileSync(path, text)
  assert.equal(text, readFileSync(path, 'utf8'), `${path} differs: look at it after UPDATE_GOLDENS=1`)
}

/** Compares the answers to all inputs in a golden file, whose lines begin with `> `. The answer follows each input. */
export function goldenAnswers(name: string, answer: (input: string) => string): void {
  const parts = readFileSync(join(GOLDENS, `${name}.txt`), 'utf8').match(/(?:^> ?.*\n)+/gm) ?? []
  assert.ok(parts.length > 5, 'there are inputs')
  golden(
    name,
    parts.map(part => `${part}${answer(part.replaceAll(/^> ?/gm, '').replace(/\n$/, ''))}\n`).join(''),
  )
}

/** Returns the errors that reading a file throws, a line for each. */
export function listErrorLines(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof InvalidFile, String(error))
    return error.errors.map(errorLine).join('\n')
  }
  return 'no error'
}
