import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from './program.ts'

/** Folder of the texts that commands print, a file for each. */
export const GOLDENS = join(PROJECT, 'test', 'unit', 'cli', 'goldens')

/** Compares a text with its golden file. With UPDATE_GOLDENS=1, the file becomes the text instead. */
export function golden(name: string, text: string): void {
  const path = join(GOLDENS, `${name}.txt`)
  if (process.env.UPDATE_GOLDENS === '1') writeFileSync(path, text)
  assert.equal(text, readFileSync(path, 'utf8'), `${path} differs: look at it after UPDATE_GOLDENS=1`)
}
