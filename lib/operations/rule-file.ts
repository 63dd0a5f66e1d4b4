/** Saves a rule file of this machine, if the rules of its folder are right with it. */
import { createHash, randomUUID } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { checkRules, type LocatedError } from '../alerting/check-rules.ts'
import type { RuleFile } from '../alerting/rule-files.ts'
import { readRuleFiles } from '../alerting/rules-directory.ts'

/** A name within the folder: no path leads out of it. */
export const RULE_FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.ya?ml$/

/** A rule file of the folder. */
export interface NamedRuleFile {
  readonly name: string
  readonly text: string
  /** Hash of the text: a save names the version that was edited. */
  readonly hash: string
}

export type Saved =
  | { readonly outcome: 'saved'; readonly file: NamedRuleFile; readonly rules: number }
  /** Nothing was written. */
  | { readonly outcome: 'wrong'; readonly errors: readonly LocatedError[] }
  /** Nothing was written: the file has changed since it was read, or it was to be new and is there. */
  | { readonly outcome: 'changed-meanwhile' }

/** @throws RulesFolderError if the folder cannot be used */
export async function namedRuleFiles(folder: string): Promise<readonly NamedRuleFile[]> {
  return (await readRuleFiles(folder)).map(({ where, text }) => named(basename(where), text))
}

/**
 * Checks a file together with the others of its folder: a rule must not appear twice.
 *
 * @param name of a file that is there, or of a new one
 * @returns the errors, in the order of the files
 */
export function errorsWith(
  files: readonly Pick<NamedRuleFile, 'name' | 'text'>[],
  name: string,
  text: string,
): { readonly errors: readonly LocatedError[]; readonly rules: number } {
  const others = files.filter(file => file.name !== name)
  const all: RuleFile[] = [...others, { name, text }].map(one => ({ where: one.name, text: one.text }))
  const { errors, rules } = checkRules(all)
  return { errors, rules }
}

/** Last change begun by this process, by folder. */
const saving = new Map<string, Promise<unknown>>()

/**
 * One after another in each folder, so that of two who have edited the same text, the second hears of the first. Another process that
 * saves at the same moment is not seen.
 *
 * @param name see `RULE_FILE_NAME`
 * @param was the hash of the text that was edited; null for a file that must not be there yet
 * @throws RulesFolderError if the folder cannot be used, or the error of the file system
 */
export async function saveRuleFile(
  folder: string,
  name: string,
  text: string,
  was: string | null,
): Promise<Saved> {
  const key = resolve(folder)
  const saved = (saving.get(key) ?? Promise.resolve())
    .catch(() => {})
    .then(() => checkedAndSaved(folder, name, text, was))
  saving.set(key, saved)
  return saved
}

async function checkedAndSaved(
  folder: string,
  name: string,
  text: string,
  was: string | null,
): Promise<Saved> {
  const files = await namedRuleFiles(folder)
  const known = files.find(file => file.name === name)
  if ((known?.hash ?? null) !== was) return { outcome: 'changed-meanwhile' }
  const { errors, rules } = errorsWith(files, name, text)
  if (errors.length > 0) return { outcome: 'wrong', errors }
  await replace(join(folder, name), text)
  return { outcome: 'saved', file: named(name, text), rules }
}

/** Concurrent readers of the file, such as a watcher, see the old text or the new one. */
async function replace(path: string, text: string): Promise<void> {
  const next = `${path}.${randomUUID()}.new`
  try {
    await writeFile(next, text)
    await rename(next, path)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  }
}

function named(name: string, text: string): NamedRuleFile {
  return { name, text, hash: createHash('sha256').update(text).digest('hex').slice(0, 16) }
}
