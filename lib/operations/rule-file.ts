/** Saves a rule file on this machine if all rules in its folder remain valid. */
import { createHash, randomUUID } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { checkRules, type LocatedError } from '../alerting/check-rules.ts'
import type { RuleFile } from '../alerting/rule-files.ts'
import { readRuleFiles } from '../alerting/rules-directory.ts'

/** Matches allowed names of rule files. Such a name cannot refer to another folder. */
export const RULE_FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.ya?ml$/

/** Rule file in a folder. */
export interface NamedRuleFile {
  readonly name: string
  readonly text: string
  /** Hash of the text. When a file is saved, the hash identifies the version that was edited. */
  readonly hash: string
}

export type Saved =
  | { readonly outcome: 'saved'; readonly file: NamedRuleFile; readonly rules: number }
  /** Nothing was written, because the rules have errors. */
  | { readonly outcome: 'wrong'; readonly errors: readonly LocatedError[] }
  /** Nothing was written, because the file has changed since it was read, or a file with the name of the new one already exists. */
  | { readonly outcome: 'changed-meanwhile' }

/**
 * Returns the rule files in a folder.
 *
 * @throws RulesFolderError if the folder cannot be read
 */
export async function namedRuleFiles(folder: string): Promise<readonly NamedRuleFile[]> {
  return (await readRuleFiles(folder)).map(({ where, text }) => named(basename(where), text))
}

/**
 * Returns the errors that a rule file would have. The file is checked together with all other files in the folder, because a rule
 * must not be defined twice.
 *
 * @param name name of an existing or a new file
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

/** Latest save in progress, by folder. */
const saving = new Map<string, Promise<unknown>>()

/**
 * Saves a rule file. Saves in the same folder run one after another, so if two users edit the same version, the second save is
 * rejected. A simultaneous save by another process is not detected.
 *
 * @param name file name, see `RULE_FILE_NAME`
 * @param was hash of the version that was edited; null for a new file
 * @throws RulesFolderError if the folder cannot be read
 * @throws errors of the file system
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

/** Replaces the file atomically. A concurrent reader sees either the old or the new text. */
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
