import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from './program.ts'

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
